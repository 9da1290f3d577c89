//! The promise of the send ledger, kept by the real process: a campaign of three steps to a thousand
//! leads, time running fast, the process killed with -9 five times in the middle. Each lead gets each
//! step exactly once; who unsubscribes after step 1 gets no step 2.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use serde_json::{Value, json};
use testkit::TestDatabase;
use tokio_postgres::Client;

use crate::support::{Process, Visitor, connect, number};

const LEADS: usize = 1_000;
const UNSUBSCRIBING: usize = 40;
/// A day passes in six seconds: the sequence takes half a minute, and each step is under way for some of it.
const SPEED: i64 = 14_400;

async fn start(database: &TestDatabase) -> Process {
    #[expect(clippy::disallowed_methods, reason = "the fast clock starts at the real present")]
    let clock = format!("{}@{SPEED}", Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ"));
    // Slow enough that a kill finds batches in the provider's hands, and answers get lost, too.
    let simulate = "latency_ms=400,unknown_every=7".to_owned();
    Process::start(database, &[("LEADLINE_CLOCK", clock), ("LEADLINE_CATCHER_SIMULATE", simulate)]).await
}

/// Some leads have no name, some no company, and the file has its own column names.
fn generate(random: &mut StdRng) -> String {
    let mut csv = String::from("First Name,Surname,E-Mail,Company\n");
    for n in 0..LEADS {
        let company = random.random_range(0..200);
        csv.push_str(&format!("Given{n},Family{n},lead{n}@company{company}.example,\"Company {company}, Inc.\"\n"));
    }
    csv
}

async fn wait_until(client: &Client, sql: &str, at_least: i64, patience: Duration) {
    let begun = Instant::now();
    loop {
        let found = number(client, sql).await;
        if found >= at_least {
            return;
        }
        assert!(begun.elapsed() < patience, "{found} instead of {at_least} after {patience:?}: {sql}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Through the front door: sign up, import the file, write and launch the campaign.
async fn launch(visitor: &Visitor, file: &std::path::Path, process: &Process) -> String {
    let signup = [("organisation", "Kill"), ("name", "Kim Kill"), ("email", "kim@kill.example"), ("password", Visitor::PASSWORD)];
    visitor.post_form("/signup", &signup).await.expect(303);
    visitor.patch_json("/api/v1/organisation", &json!({"postal_address": "1 Main Street, Springfield"})).await.expect(200);
    let imported = process.command("import").arg(file).output().unwrap();
    assert!(imported.status.success(), "{}{}", String::from_utf8_lossy(&imported.stdout), String::from_utf8_lossy(&imported.stderr));
    let steps = json!([
        {"delay_minutes": 0, "subject": "Hello {{ first_name }}", "html": "<p>Hi {{ full_name }} of {{ company }}</p>"},
        {"delay_minutes": 2 * 1440, "subject": "Second", "html": "<p>Still there, {{ first_name }}?</p>"},
        {"delay_minutes": 3 * 1440, "subject": "Third", "html": "<p>Goodbye, {{ first_name }}.</p>"},
    ]);
    let body = json!({"name": "Unkillable", "steps": steps});
    let campaign = visitor.post_json("/api/v1/campaigns", &body).await.expect(201).json()["id"].as_str().unwrap().to_owned();
    visitor.post_json(&format!("/api/v1/campaigns/{campaign}/launch"), &Value::Null).await.expect(200);
    campaign
}

/// The unsubscribe address in each of these recipients' first mail, called as a mail program does.
async fn unsubscribe_some(client: &Client, visitor: &Visitor) {
    let rows = client
        .query(
            "SELECT c.html FROM caught_mail c JOIN sends s ON c.idempotency_key = 'send/' || s.id
             WHERE s.step_no = 1 AND s.state = 'sent' ORDER BY md5(c.to_address) LIMIT $1",
            &[&(UNSUBSCRIBING as i64)],
        )
        .await
        .unwrap();
    for row in rows {
        let html: String = row.get(0);
        let at = html.find("/u/").unwrap();
        let path = &html[at..at + html[at..].find('"').unwrap()];
        visitor.post_form(path, &[("List-Unsubscribe", "One-Click")]).await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_campaign_survives_five_kills_with_each_step_sent_exactly_once() {
    let mut random = StdRng::seed_from_u64(20_260_105);
    let database = TestDatabase::create().await;
    let mut process = start(&database).await;
    let client = connect(&database.url()).await;
    let file = process.data().join("leads.csv");
    std::fs::write(&file, generate(&mut random)).unwrap();
    let visitor = Visitor::new(&process.address());
    let campaign = launch(&visitor, &file, &process).await;
    assert_eq!(number(&client, "SELECT count(*) FROM enrollments").await, LEADS as i64);

    wait_until(&client, "SELECT count(*) FROM sends WHERE step_no = 1 AND state = 'sent'", UNSUBSCRIBING as i64, Duration::from_secs(60))
        .await;
    unsubscribe_some(&client, &visitor).await;

    // Two kills while step 1 goes out, each at a random moment of it.
    let mut in_hands = 0;
    for kill in 0..2 {
        let so_far = 150 + 300 * kill + random.random_range(0..150);
        wait_until(&client, "SELECT count(*) FROM caught_mail", so_far, Duration::from_secs(60)).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..150))).await;
        process.kill_and_restart().await;
        in_hands += number(&client, "SELECT count(*) FROM sends WHERE state = 'claimed'").await;
    }

    // Two while step 2 and one while step 3 goes out.
    for (step, so_far) in [(2, 100), (2, 500), (3, 300)] {
        let so_far = so_far + random.random_range(0..200);
        let sent = format!("SELECT count(*) FROM sends WHERE step_no = {step} AND state = 'sent'");
        wait_until(&client, &sent, so_far, Duration::from_secs(90)).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..150))).await;
        process.kill_and_restart().await;
        in_hands += number(&client, "SELECT count(*) FROM sends WHERE state = 'claimed'").await;
    }
    wait_until(&client, "SELECT count(*) FROM campaigns WHERE status = 'finished'", 1, Duration::from_secs(120)).await;
    assert!(in_hands > 0, "no kill found a batch in the provider's hands: this run has proved nothing");

    // The catcher's own table: what a recipient would have in the inbox.
    let (leads, gone) = (LEADS as i64, UNSUBSCRIBING as i64);
    let inbox = |subject: &str| format!("SELECT count(*) FROM caught_mail WHERE subject LIKE '{subject}'");
    assert_eq!(number(&client, &inbox("Hello %")).await, leads);
    assert_eq!(number(&client, &inbox("Second")).await, leads - gone);
    assert_eq!(number(&client, &inbox("Third")).await, leads - gone);
    let twice =
        "SELECT count(*) FROM (SELECT FROM caught_mail GROUP BY to_address, regexp_replace(subject, ' .*', '') HAVING count(*) > 1) t";
    assert_eq!(number(&client, twice).await, 0, "nobody has a step twice");
    let unsubscribed =
        "SELECT count(*) FROM caught_mail c JOIN suppressions s ON s.email = c.to_address WHERE c.subject IN ('Second', 'Third')";
    assert_eq!(number(&client, unsubscribed).await, 0, "who unsubscribed got no step 2");

    // The ledger says the same, and nothing is left over.
    assert_eq!(number(&client, "SELECT count(*) FROM sends WHERE state = 'sent'").await, 3 * leads - 2 * gone);
    assert_eq!(number(&client, "SELECT count(*) FROM sends WHERE state NOT IN ('sent', 'suppressed')").await, 0);
    assert_eq!(number(&client, "SELECT count(*) FROM send_batches").await, 0);
    assert_eq!(number(&client, "SELECT count(*) FROM enrollments WHERE state = 'finished'").await, leads - gone);
    assert_eq!(number(&client, "SELECT count(*) FROM enrollments WHERE reason = 'unsubscribed'").await, gone);
    let mismatch = "SELECT count(*) FROM sends s FULL JOIN caught_mail c ON c.org_id = s.org_id AND c.idempotency_key = 'send/' || s.id
        WHERE (s.state = 'sent') IS DISTINCT FROM (c.id IS NOT NULL) AND coalesce(s.state, '') <> 'suppressed'";
    assert_eq!(number(&client, mismatch).await, 0, "ledger and inbox agree row by row");
    assert_eq!(
        number(&client, "SELECT count(*) FROM events WHERE kind = 'mail.sent'").await,
        3 * leads - 2 * gone,
        "each sending is one event"
    );
    let numbers = visitor.get(&format!("/api/v1/campaigns/{campaign}/numbers")).await.expect(200).json();
    assert_eq!(numbers["leads"]["finished"], leads - gone);
}
