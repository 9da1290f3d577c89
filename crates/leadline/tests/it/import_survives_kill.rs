//! The promise of an import, kept by the real process: the file has repeats, known leads and bad rows, the process is killed
//! with -9 three times in the middle, and each row takes effect exactly once; then undoing leaves no trace.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::TestDatabase;

use crate::support::{Process, Visitor, connect, number};

const ROWS: usize = 20_000;
const KNOWN: usize = 2_000;
/// Kilobytes that the executable of a release build takes beside the memory that is measured.
const EXECUTABLE: u64 = 25_000;

/// Every 25th row repeats an earlier one, every 100th has no address, and every tenth person is known. The companies of
/// 300 domains are made on the way.
fn generate(rows: usize) -> String {
    let mut csv = String::from("Email,First name,Last name,Company domain,Industry,Notes\n");
    for n in 0..rows {
        let person = if n % 25 == 24 { n / 2 } else { n };
        let address = if n % 100 == 50 { "nobody".to_owned() } else { format!("p{person}@c{}.example", person % 300) };
        csv.push_str(&format!("{address},Pat,Person {person},c{}.example,,\"line {n}\nand \"\"more\"\"\"\n", person % 300));
    }
    csv
}

/// Everything that an import may change, as one text. Scores follow from it, in their own time, and a version
/// counts on: undoing is a change, too.
const CHECKSUM: &str = "SELECT md5(coalesce((SELECT string_agg(md5((to_jsonb(l) - 'score' - 'score_reasons' - 'version')::text), '' ORDER BY id) FROM leads l), '')
    || coalesce((SELECT string_agg(md5(a::text), '' ORDER BY id) FROM accounts a), ''))";

#[tokio::test(flavor = "multi_thread")]
async fn an_import_survives_three_kills_with_each_row_stored_exactly_once() {
    let database = TestDatabase::create().await;
    let mut process = Process::start(&database, &[]).await;
    let client = connect(&database.url()).await;
    let visitor = Visitor::new(&process.address());
    let signup = [("organisation", "Kill"), ("name", "Kim Kill"), ("email", "kim@kill.example"), ("password", Visitor::PASSWORD)];
    visitor.post_form("/signup", &signup).await.expect(303);
    let known: String = (0..KNOWN).map(|n| format!("p{}@c{}.example,Known,CTO\n", n * 10, n * 10 % 300)).collect();
    let file = process.data().join("known.csv");
    std::fs::write(&file, format!("Email,First name,Title\n{known}")).unwrap();
    assert!(process.command("import").arg(&file).output().unwrap().status.success());
    assert_eq!(number(&client, "SELECT count(*) FROM leads").await, KNOWN as i64);
    let before: String = client.query_one(CHECKSUM, &[]).await.unwrap().get(0);

    let uploaded = visitor.upload("/api/v1/imports", "file", "leads.csv", generate(ROWS).into()).await.expect(201);
    let path = uploaded.location().to_owned();
    visitor.post_json(&format!("{path}/start"), &Value::Null).await.expect(202);
    let mut kills = 0;
    let mut memory = 0;
    let mut done = 0;
    let begun = Instant::now();
    let import = loop {
        assert!(begun.elapsed() < Duration::from_secs(180), "the import does not end");
        tokio::time::sleep(Duration::from_millis(20)).await;
        memory = memory.max(process.peak_memory());
        let now = number(&client, "SELECT coalesce(max(rows_done), 0) FROM imports WHERE file_name = 'leads.csv'").await;
        // At the start, in the middle, and in the middle of what is left: at another moment of a stretch each time.
        if kills < 3 && (now > done || kills == 0) {
            tokio::time::sleep(Duration::from_millis(150 + 170 * kills)).await;
            memory = memory.max(process.peak_memory());
            process.kill_and_restart().await;
            client
                .execute("UPDATE jobs SET leased_until = clock_timestamp() - interval '1 second' WHERE state = 'running'", &[])
                .await
                .unwrap();
            (kills, done) = (kills + 1, now);
        }
        let import = visitor.get(&path).await.expect(200).json();
        if import["status"] != "running" {
            break import;
        }
    };
    assert_eq!((kills, &import["status"]), (3, &json!("finished")), "{import}");

    // Counted by the file itself.
    let text = generate(ROWS);
    let addresses = || text.split("\n").filter_map(|line| line.split(',').next()).filter(|address| address.contains('@'));
    let people: std::collections::HashSet<&str> = addresses().collect();
    let fresh = people.iter().filter(|address| !known.contains(&format!("{address},"))).count();
    let bad = ROWS / 100;
    assert_eq!((&import["created"], &import["rejected"]), (&json!(fresh), &json!(bad)), "{import}");
    let rows = ["created", "updated", "unchanged", "rejected"].iter().map(|name| import[*name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((rows, &import["rows_done"]), (ROWS as u64, &json!(ROWS)));
    assert_eq!(number(&client, "SELECT count(*) FROM leads").await, (KNOWN + fresh) as i64);
    assert_eq!(number(&client, "SELECT count(*) FROM events WHERE kind = 'lead.created'").await, (KNOWN + fresh) as i64);
    assert_eq!(
        number(&client, "SELECT count(*) FROM (SELECT FROM events WHERE kind = 'lead.created' GROUP BY subject_id HAVING count(*) > 1) t")
            .await,
        0
    );
    assert_eq!(number(&client, "SELECT count(*) FROM import_rejections").await, bad as i64);
    assert_eq!(number(&client, "SELECT count(*) FROM import_lanes").await, 0);
    assert_eq!(number(&client, "SELECT count(*) FROM events WHERE kind = 'import.finished' AND payload->>'rows' = '20000'").await, 1);
    assert!(memory + EXECUTABLE < 150_000, "{memory} kB");

    let undone = visitor.post_json(&format!("{path}/undo"), &Value::Null).await.expect(202).json();
    let change_set = undone["change_set_id"].as_str().unwrap().to_owned();
    let begun = Instant::now();
    loop {
        let set = visitor.get(&format!("/api/v1/changes/{change_set}")).await.expect(200).json();
        if set["state"] == "undone" {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "undoing does not end: {set}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let after: String = client.query_one(CHECKSUM, &[]).await.unwrap().get(0);
    assert_eq!(after, before, "undoing leaves the leads and accounts as they were");
}
