//! Taking leads out: what is in the file, who may, what the log says; and back in through an import, unchanged.

use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value}")).to_owned()
}

async fn add(visitor: &Visitor, body: Value) -> String {
    text(&visitor.post_json("/api/v1/leads", &body).await.expect(201).json()["id"])
}

async fn some(owner: &Visitor) {
    let evil = json!({"first_name": "=cmd|'/c calc'!A1", "last_name": "O'Hara, \"Bo\"", "email": "evil@x.example", "phone": "+44 20 7946 0958",
        "title": "-Head", "tags": ["@a", "b"], "company_name": "Ünïted\u{2009}Looms", "employee_count": 12, "custom": {"note": "'=quoted", "visits": 3, "vip": true}});
    add(owner, evil).await;
    add(owner, json!({"first_name": "Ada", "email": "ada@engines.example", "country": "GB", "status": "contacted", "annual_revenue": 5_000_000, "external_id": "ext-1"})).await;
    add(owner, json!({"first_name": "Nobody", "phone": "+1 555 0100"})).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_holds_what_is_meant_and_runs_nothing() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    some(&owner).await;
    let csv =
        owner.get("/api/v1/leads/export?sort=name&columns=first_name,last_name,phone,title,tags,score,custom.visits").await.expect(200);
    assert!(csv.header("content-disposition").contains("leads-2026-01-05.csv"));
    let lines: Vec<&str> = csv.body.trim_end().split("\r\n").collect();
    assert_eq!(lines[0], r#""First name","Last name","Phone","Job title","Tags","Score","visits""#);
    assert_eq!(lines.len(), 4);
    let evil = lines.iter().find(|line| line.contains("cmd")).unwrap();
    assert!(evil.starts_with(r#""'=cmd|'/c calc'!A1","O'Hara, ""Bo""","'+44 20 7946 0958","'-Head","'@a; b","#), "{evil}");
    assert!(owner.get("/api/v1/leads/export?bom=true").await.expect(200).body.starts_with('\u{feff}'));

    let filter = url::form_urlencoded::byte_serialize(br#"{"field":"country","op":"is","value":"GB"}"#).collect::<String>();
    let ndjson = owner.get(&format!("/api/v1/leads/export?format=ndjson&filter={filter}&columns=email,revenue,status")).await.expect(200);
    let line: Value = serde_json::from_str(ndjson.body.trim_end()).unwrap();
    assert_eq!(
        (&line["email"], &line["revenue"], &line["status"]),
        (&json!("ada@engines.example"), &json!(5_000_000), &json!("contacted"))
    );
    for wrong in ["format=pdf", "columns=nonsense", "sort=shoe", "filter=%7B%7D%7D"] {
        owner.get(&format!("/api/v1/leads/export?{wrong}")).await.expect(422);
    }

    // A page of the stream is 2000 leads: every one is in it once, whatever the order.
    app.sql("INSERT INTO leads (org_id, id, first_name, score, created_at, updated_at) SELECT org_id, gen_random_uuid(), 'N' || n, n % 3, created_at, created_at FROM organisations, generate_series(1, 4500) n").await;
    let all = owner.get("/api/v1/leads/export?columns=first_name").await.expect(200).body;
    let mut names: Vec<&str> = all.trim_end().split("\r\n").skip(1).collect();
    assert_eq!(names.len(), 4503);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4503);
    app.settle().await;
    assert_eq!(app.scalar("SELECT count(*) FROM audit_entries WHERE kind = 'leads.exported'").await, 4);
    assert_eq!(app.scalar("SELECT count(*) FROM security_events WHERE kind = 'export.mass'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_went_out_comes_back_unchanged() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    some(&owner).await;
    for format in ["csv", "xlsx"] {
        let page = owner.post_form("/leads/export", &[("all_matching", "true"), ("filter", "{}")]).await.expect(200);
        let columns = page.attributes("input[name=columns][checked]", "value");
        let mut form: Vec<(&str, &str)> = vec![("format", format), ("filter", "{}"), ("bom", "true")];
        form.extend(columns.iter().map(|column| ("columns", column.as_str())));
        let request = owner.request("POST", "/leads/export/file").form(&form);
        let mut answer = request.send().await.unwrap();
        if format == "xlsx" {
            let location = answer.headers()["location"].to_str().unwrap().to_owned();
            app.run_jobs().await;
            let ready = owner.get(&location).await.expect(200);
            assert!(ready.text().contains("3 leads"), "{}", ready.text());
            answer = owner.request("GET", &format!("{location}/file")).send().await.unwrap();
        }
        assert_eq!(answer.status(), 200);
        let bytes = answer.bytes().await.unwrap().to_vec();
        let import = owner.upload("/api/v1/imports", "file", &format!("leads.{format}"), bytes).await.expect(201).json();
        let id = text(&import["id"]);
        owner.post_json(&format!("/api/v1/imports/{id}/start"), &json!({"existing": "overwrite"})).await;
        app.settle().await;
        let done = owner.get(&format!("/api/v1/imports/{id}")).await.expect(200).json();
        assert_eq!(app.scalar("SELECT count(*) FROM leads").await, 3, "{format}: {done}");
        assert_eq!(app.scalar("SELECT count(*) FROM leads WHERE version > 1").await, 0, "{format}: {done}");
        assert_eq!(app.scalar("SELECT count(*) FROM custom_fields").await, 3, "{format}: no new fields: {done}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_for_whoever_asked_for_a_day_and_takes_a_proof() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    some(&owner).await;
    let admin = app.colleague(&owner, "admin").await;
    let viewer = app.colleague(&owner, "viewer").await;
    viewer.get("/leads/export").await.expect(403);
    viewer.get("/api/v1/leads/export").await.expect(403);
    app.stranger().get("/api/v1/leads/export").await.expect(401);
    let export = owner.post_form("/leads/export/file", &[("format", "xlsx"), ("filter", "{}")]).await.expect(303);
    let file = format!("{}/file", export.location());
    owner.get(&file).await.expect(404);
    app.run_jobs().await;
    owner.get(&file).await.expect(200);
    admin.get(export.location()).await.expect(404);
    admin.get(&file).await.expect(404);
    app.sign_up("Neighbour").await.get(&file).await.expect(404);
    assert_eq!(
        owner.get("/api/v1/leads/export?format=xlsx").await.expect(200).headers["content-type"],
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    );

    app.app.clock.advance(SignedDuration::from_mins(20));
    owner.get("/api/v1/leads/export").await.expect(403);
    for path in ["/leads/export", &file] {
        assert!(owner.get(path).await.expect(303).location().starts_with("/login/confirm"));
    }
    app.app.clock.advance(SignedDuration::from_hours(24));
    owner.get(export.location()).await.expect(404);
    // What a process that was killed has left; one that is writing now has a day.
    let exports = app.app.config.data_dir.join("exports");
    let left = std::fs::read_dir(&exports).unwrap().next().unwrap().unwrap().path().join("half-left");
    std::fs::create_dir_all(&left).unwrap();
    std::fs::write(left.join("half.xlsx"), "personal").unwrap();
    std::fs::File::open(&left).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
    app.sweep("leads.sweep_exports").await;
    assert_eq!(app.scalar("SELECT count(*) FROM lead_exports").await, 0);
    assert!(walk(&app.app.config.data_dir.join("exports")).is_empty(), "the file is gone, too");
}

fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
