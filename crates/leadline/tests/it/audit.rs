//! The audit log: what is written down, that it cannot be bent, and what looks like trouble in it.

use std::{io::Write, process::Command, time::Duration};

use audit::{Entry, KeySet, VerifyError, verify};
use db::Scope;
use jiff::SignedDuration;
use kernel::OrgId;
use serde_json::{Value, json};

use crate::support::{TestApp, Visitor};

/// Entries of the log, newest first, once the projection has read everything.
async fn entries(app: &TestApp, visitor: &Visitor, query: &str) -> Vec<Value> {
    app.settle().await;
    visitor.get(&format!("/api/v1/audit?limit=200&{query}")).await.expect(200).json()["data"].as_array().unwrap().clone()
}

fn kinds(entries: &[Value]) -> Vec<&str> {
    entries.iter().map(|entry| entry["kind"].as_str().unwrap()).collect()
}

/// The first security event of a kind; they are written a moment after what they tell of.
async fn security_event(app: &TestApp, visitor: &Visitor, kind: &str) -> Value {
    for _ in 0..100 {
        app.settle().await;
        let found = visitor.get(&format!("/api/v1/security-events?kind={kind}")).await.expect(200).json();
        if let Some(event) = found["data"].get(0) {
            return event.clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no security event {kind}");
}

async fn org_of(visitor: &Visitor) -> OrgId {
    visitor.get("/api/v1/me").await.json()["organisation_id"].as_str().unwrap().parse().unwrap()
}

/// Changes the database behind the application's back, past the triggers that refuse it.
async fn tamper(app: &TestApp, statement: &str) {
    app.sql(&format!("SET session_replication_role = replica; {statement}")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn acts_are_written_down_with_who_what_and_from_where() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    owner.patch_json("/api/v1/organisation", &json!({"name": "Shallow Line"})).await.expect(200);
    let lead = owner.post_json("/api/v1/leads", &json!({"first_name": "Ada", "email": "ada@a.example"})).await.expect(201).json();
    let path = format!("/api/v1/leads/{}", lead["id"].as_str().unwrap());
    owner.patch_json(&path, &json!({"last_name": "Byron", "phone": "+441", "status": "contacted"})).await.expect(200);
    owner.post_json("/api/v1/suppressions", &json!({"email": "bo@b.example"})).await.expect(201);
    let found = entries(&app, &owner, "").await;

    let numbers: Vec<i64> = found.iter().map(|entry| entry["no"].as_i64().unwrap()).collect();
    assert_eq!(numbers, (1..=found.len() as i64).rev().collect::<Vec<_>>());
    for kind in
        ["organisation.created", "session.started", "organisation.updated", "lead.created", "lead.status_changed", "suppression.added"]
    {
        assert!(kinds(&found).contains(&kind), "{kind} is missing in {:?}", kinds(&found));
    }
    let of = |kind: &str| found.iter().find(|entry| entry["kind"] == kind).unwrap();
    assert_eq!(of("organisation.updated")["details"], json!({"name": {"from": "Deep Line", "to": "Shallow Line"}}));
    assert!(of("organisation.updated")["origin"].as_str().unwrap().ends_with(" 127.0.0.1"));
    assert!(of("organisation.updated")["origin"].as_str().unwrap().starts_with("sess_"));
    assert_eq!(of("lead.status_changed")["details"], json!({"from": "new", "to": "contacted"}));
    // Of personal fields the names alone, and of an address what does not lead to anybody.
    assert_eq!(of("lead.updated")["details"], json!({"fields": ["last_name", "phone"]}));
    assert_eq!(of("suppression.added")["details"]["email"], "b…@b.example");
    let text = serde_json::to_string(&found).unwrap();
    for secret in ["Byron", "+441", "ada@a.example", Visitor::PASSWORD] {
        assert!(!text.contains(secret), "{secret} is in the log");
    }
    // Every entry says its own hash and that of the one before it.
    let chain: Vec<Entry> = found.into_iter().rev().map(|entry| serde_json::from_value(entry).unwrap()).collect();
    let mut link = audit::Link::beginning();
    chain.iter().for_each(|entry| link.follow(entry).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_work_is_one_entry() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let mut ids = Vec::new();
    for n in 0..3 {
        let lead = owner.post_json("/api/v1/leads", &json!({"email": format!("l{n}@a.example")})).await.expect(201).json();
        ids.push(lead["id"].as_str().unwrap().to_owned());
    }
    let body = json!({"ids": ids, "action": "set_status", "status": "qualified"});
    let answer = owner.post_json("/api/v1/leads/bulk", &body).await;
    assert!(answer.status < 300, "{}", answer.body);
    let found = entries(&app, &owner, "").await;
    let bulk = found.iter().find(|entry| entry["kind"] == "leads.bulk_changed").expect("a summary");
    assert_eq!((&bulk["details"]["changed"], &bulk["details"]["status"]), (&json!(3), &json!("qualified")));
    assert!(!kinds(&found).contains(&"lead.status_changed"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_searched_by_person_kind_subject_time_and_words() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let lead = owner.post_json("/api/v1/leads", &json!({"first_name": "Ada"})).await.expect(201).json();
    let lead = lead["id"].as_str().unwrap().to_owned();
    app.app.clock.advance(SignedDuration::from_hours(48));
    owner.patch_json("/api/v1/organisation", &json!({"name": "Other"})).await.expect(200);
    let me = owner.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(kinds(&entries(&app, &owner, "kind=organisation").await), ["organisation.updated", "organisation.created"]);
    assert_eq!(kinds(&entries(&app, &owner, &format!("subject={lead}")).await), ["lead.created"]);
    assert_eq!(kinds(&entries(&app, &owner, "since=2026-01-07").await), ["organisation.updated"]);
    assert!(!kinds(&entries(&app, &owner, "until=2026-01-05").await).contains(&"organisation.updated"));
    assert_eq!(kinds(&entries(&app, &owner, "q=olive%20updated").await), ["organisation.updated"]);
    assert!(entries(&app, &owner, "q=nobody-has-this").await.is_empty());
    assert!(entries(&app, &owner, &format!("person={me}")).await.len() >= 3);
    assert!(entries(&app, &owner, "person=system").await.is_empty());
    for (query, pointer) in
        [("person=x", "/person"), ("subject=x", "/subject"), ("since=x", "/since"), ("limit=0", "/limit"), ("cursor=x", "/cursor")]
    {
        assert_eq!(owner.get(&format!("/api/v1/audit?{query}")).await.expect(422).json()["errors"][0]["pointer"], pointer);
    }
    // Page by page, nothing twice and nothing left out.
    let all = entries(&app, &owner, "").await;
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = owner.get(&format!("/api/v1/audit?limit=2&cursor={cursor}")).await.expect(200).json();
        seen.extend(page["data"].as_array().unwrap().clone());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(seen, all);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_reads_as_sentences() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    owner.patch_json("/api/v1/organisation", &json!({"name": "Other"})).await.expect(200);
    app.settle().await;
    let page = owner.get("/settings/audit").await.expect(200);
    let lines = page.texts(".timeline-line");
    assert!(lines.iter().any(|line| line.starts_with("Olive Owner changed the organisation’s name, from 127.0.0.1")), "{lines:?}");
    assert!(page.texts("details.audit-details").iter().any(|text| text.contains("Deep Line Other")));
    assert_eq!(owner.get("/settings/audit?kind=organisation").await.texts(".timeline-line").len(), 2);
    assert!(owner.get("/settings/audit?q=nothing-like-it").await.expect(200).text().contains("No entry matches"));
    assert!(owner.get("/settings/audit?since=soon").await.expect(200).text().contains("neither a date"));
    assert!(owner.get("/settings/audit/security").await.expect(200).text().contains("Nothing suspicious"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_those_who_may_and_only_their_own() {
    let app = TestApp::start().await;
    let (owner, neighbour) = (app.sign_up("Ours").await, app.sign_up("Theirs").await);
    let manager = app.colleague(&owner, "manager").await;
    owner.patch_json("/api/v1/organisation", &json!({"name": "Secret Plans"})).await.expect(200);
    for path in ["/api/v1/audit", "/api/v1/audit/export", "/api/v1/security-events", "/settings/audit"] {
        assert_eq!(manager.get(path).await.status, 403, "{path}");
    }
    assert!(!manager.get("/").await.expect(200).body.contains("/settings/audit"));
    let theirs = entries(&app, &neighbour, "").await;
    assert!(!theirs.is_empty() && !serde_json::to_string(&theirs).unwrap().contains("Secret Plans"));
    let export = neighbour.get("/api/v1/audit/export").await.expect(200).body;
    assert!(!export.contains("Secret Plans"));
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_cannot_be_changed_by_the_application_nor_by_a_stray_statement() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    app.settle().await;
    for statement in [
        "UPDATE audit_entries SET actor = 'system' WHERE org_id = $1",
        "DELETE FROM audit_entries WHERE org_id = $1",
        "UPDATE audit_heads SET no = 0 WHERE org_id = $1",
        "DELETE FROM security_events WHERE org_id = $1",
    ] {
        let org = org_of(&owner).await;
        let tx = app.app.db.tenant(&Scope::whole(org)).await.unwrap();
        assert!(tx.execute(statement, &[&org]).await.is_err(), "{statement}");
    }
    let tx = app.app.db.system().await.unwrap();
    assert!(tx.execute("DELETE FROM audit_entries", &[]).await.is_err());
    // Even for the superuser it takes more than the statement.
    let (client, connection) = tokio_postgres::connect(app.app.db.url(), tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    for statement in ["UPDATE audit_entries SET no = no", "DELETE FROM audit_entries", "TRUNCATE audit_entries"] {
        assert!(client.batch_execute(statement).await.is_err(), "{statement}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn verifying_finds_what_was_done_to_the_database() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    for n in 0..4 {
        owner.patch_json("/api/v1/organisation", &json!({"name": format!("Name {n}")})).await.expect(200);
    }
    app.settle().await;
    let verdict = async || {
        assert_eq!(owner.post_form("/settings/audit/verification", &[("", "")]).await.status, 303);
        app.settle().await;
        owner.get("/settings/audit/verification").await.expect(200).texts("#verification").join(" ")
    };
    assert!(verdict().await.contains("Unbroken"));
    let org = org_of(&owner).await.uuid();
    let keep = format!(
        "CREATE TABLE kept AS SELECT * FROM audit_entries WHERE org_id = '{org}'; CREATE TABLE kept_heads AS SELECT * FROM audit_heads"
    );
    app.sql(&keep).await;
    let restore = "DELETE FROM audit_entries; INSERT INTO audit_entries SELECT * FROM kept;
        DELETE FROM audit_heads; INSERT INTO audit_heads SELECT * FROM kept_heads";
    for (damage, found) in [
        ("UPDATE audit_entries SET actor = 'system' WHERE no = 3", "entry 3 was changed"),
        ("UPDATE audit_entries SET details = '{}' WHERE no = 4", "entry 4 was changed"),
        ("DELETE FROM audit_entries WHERE no = 1", "entry 1 is missing"),
        ("DELETE FROM audit_entries WHERE no = 3", "entry 3 is missing"),
        ("DELETE FROM audit_entries WHERE no = (SELECT max(no) FROM audit_entries)", "is missing"),
        ("UPDATE audit_entries SET hash = decode(repeat('ab', 32), 'hex') WHERE no = 2", "entry 2 was changed"),
        ("UPDATE audit_heads SET no = no - 1", "entry"),
        ("DELETE FROM audit_heads", "entry 1 was added"),
    ] {
        tamper(&app, damage).await;
        let verdict = verdict().await;
        assert!(verdict.contains("tampered") && verdict.contains(found), "{damage}: {verdict}");
        // The check itself was written down: what it wrote goes with the damage.
        tamper(&app, restore).await;
    }
    let event = security_event(&app, &owner, "audit.damaged").await;
    assert_eq!(event["severity"], "critical");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_shows_every_change_made_to_it() {
    let app = TestApp::start().await;
    let (owner, other) = (app.sign_up("Deep Line").await, app.sign_up("Other Line").await);
    for visitor in [&owner, &other] {
        for n in 0..5 {
            visitor.patch_json("/api/v1/organisation", &json!({"name": format!("Name {n}")})).await.expect(200);
        }
    }
    app.settle().await;
    let answer = owner.get("/api/v1/audit/export").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/x-ndjson");
    let good = answer.body;
    let lines: Vec<&str> = good.lines().collect();
    let foreign = other.get("/api/v1/audit/export").await.expect(200).body;
    let keys = KeySet::parse(&identity::Engine::of(&app.app).unwrap().jwk_set().to_string()).unwrap();
    let check = |text: &str| verify(text.as_bytes(), &keys);
    let verified = check(&good).unwrap();
    assert_eq!(verified.seal.count, lines.len() as i64 - 1);

    let joined = |lines: &[&str]| lines.join("\n");
    let without = |at: usize| joined(&[&lines[..at], &lines[at + 1..]].concat());
    let found = |text: &str| check(text).unwrap_err().to_string();
    assert!(found(&good.replace("Name 2", "Name X")).contains("was changed"));
    assert!(found(&without(0)).contains("entry 1 is missing"));
    assert!(found(&without(3)).contains("entry 4 is missing"));
    assert!(found(&without(lines.len() - 2)).contains(&format!("entry {} is missing", lines.len() - 1)));
    let mut swapped = lines.clone();
    swapped.swap(2, 3);
    assert!(found(&joined(&swapped)).contains("entry 3 is not in its place"), "{}", found(&joined(&swapped)));
    let mut doubled = lines.clone();
    doubled.insert(3, lines[2]);
    assert!(found(&joined(&doubled)).contains("entry 3 is not in its place"));
    assert!(found(&without(lines.len() - 1)).contains("seal at the end is missing"));
    assert!(found(&joined(&lines[..4])).contains("seal at the end is missing"));
    assert!(found(&good[..good.len() - 40]).contains("neither an entry nor a seal"));
    let foreign_seal = foreign.lines().last().unwrap();
    let mut other_seal = lines.clone();
    *other_seal.last_mut().unwrap() = foreign_seal;
    assert!(found(&joined(&other_seal)).contains("another export"));
    let counted = format!("\"count\":{}", lines.len() - 1);
    assert!(found(&good.replace(&counted, "\"count\":1")).contains("something else than its signature"));
    assert!(found(&format!("{good}{}\n", lines[0])).contains("comes after the seal"));
    assert!(matches!(verify(good.as_bytes(), &KeySet::default()), Err(VerifyError::Signature { .. })));

    // A key that signs no more is known on, also when its private half is gone.
    for _ in 0..2 {
        app.app.clock.advance(SignedDuration::from_hours(72));
        identity::rotate_signing_key(&app.app.db, &app.app.vault, app.app.clock.now()).await.unwrap();
    }
    assert_eq!(app.scalar("SELECT count(*) FROM signing_keys WHERE private_key = ''::bytea").await, 1);
    let keys = KeySet::parse(&identity::all_signing_keys(&app.app.db).await.unwrap().to_string()).unwrap();
    assert!(verify(good.as_bytes(), &keys).is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_goes_on_where_the_last_one_ended_and_takes_a_fresh_proof() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    app.settle().await;
    let first = owner.get("/api/v1/audit/export").await.expect(200).body;
    let last = serde_json::from_str::<Value>(first.lines().last().unwrap()).unwrap()["seal"]["last_no"].as_i64().unwrap();
    app.settle().await;
    let rest = owner.get(&format!("/api/v1/audit/export?after={last}")).await.expect(200).body;
    let keys = KeySet::parse(&identity::Engine::of(&app.app).unwrap().jwk_set().to_string()).unwrap();
    let verified = verify(rest.as_bytes(), &keys).unwrap();
    assert_eq!((verified.seal.first_no, verified.seal.count), (last + 1, 1));
    assert!(rest.contains("audit.exported"));
    assert_eq!(owner.get("/api/v1/audit/export?after=99999").await.expect(422).json()["errors"][0]["pointer"], "/after");
    app.app.clock.advance(SignedDuration::from_mins(11));
    assert_eq!(owner.get("/api/v1/audit/export").await.expect(403).json()["remedy"], "/login/confirm");
    let page = owner.get("/settings/audit/export").await;
    assert_eq!((page.status, page.location()), (303, "/login/confirm?next=%2Fsettings%2Faudit%2Fexport"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_says_which_entry_and_ends_with_one() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    owner.patch_json("/api/v1/organisation", &json!({"name": "Other"})).await.expect(200);
    app.settle().await;
    let good = owner.get("/api/v1/audit/export").await.expect(200).body;
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::File::create(&path).unwrap().write_all(text.as_bytes()).unwrap();
        path
    };
    let jwks = write("jwks.json", &identity::Engine::of(&app.app).unwrap().jwk_set().to_string());
    let run = |file: &std::path::Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_leadline"))
            .args(["admin", "verify-audit"])
            .arg(file)
            .arg("--jwks")
            .arg(&jwks)
            .current_dir(directory.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    let (code, said) = run(&write("good.ndjson", &good));
    assert!(code == Some(0) && said.contains("unbroken"), "{said}");
    let (code, said) = run(&write("bad.ndjson", &good.replacen("Deep Line", "Shallow", 1)));
    assert!(code == Some(1) && said.contains("was changed"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn repeated_refusals_become_a_security_event_of_the_account() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let stranger = app.stranger();
    for _ in 0..9 {
        assert_eq!(stranger.post_form("/login", &[("email", owner.email.as_str()), ("password", "guess")]).await.status, 422);
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    app.settle().await;
    assert!(owner.get("/api/v1/security-events").await.json()["data"].as_array().unwrap().is_empty());
    assert_eq!(stranger.post_form("/login", &[("email", owner.email.as_str()), ("password", "guess")]).await.status, 422);
    let event = security_event(&app, &owner, "refusals.repeated").await;
    assert_eq!((&event["severity"], &event["address"], &event["details"]["count"]), (&json!("warning"), &json!("127.0.0.1"), &json!(10)));
    let page = owner.get("/settings/audit/security").await.expect(200).text();
    assert!(page.contains("Repeated failed sign-ins") && page.contains("Olive Owner"), "{page}");
    // The same by address, whoever was tried; it belongs to no organisation.
    assert_eq!(
        app.scalar(
            "SELECT count(*) FROM security_events WHERE kind = 'refusals.repeated' AND org_id = '00000000-0000-0000-0000-000000000000'"
        )
        .await,
        1
    );
    let refused = entries(&app, &owner, "kind=session").await;
    assert!(refused.iter().any(|entry| entry["kind"] == "session.refused" && entry["actor"] == "provider"));
    assert!(!serde_json::to_string(&refused).unwrap().contains(&owner.email));
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_nobody_has_are_counted_by_address() {
    let app = TestApp::start().await;
    let stranger = app.stranger();
    for n in 0..10 {
        stranger.post_form("/login", &[("email", format!("nobody{n}@x.example")), ("password", "guess".to_owned())]).await;
    }
    let count = "SELECT count(*) FROM security_events WHERE kind = 'refusals.repeated' AND user_id IS NULL AND address = '127.0.0.1'";
    for _ in 0..100 {
        app.settle().await;
        if app.scalar(count).await == 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("ten refusals of one address went unnoticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_keeps_trying_what_they_may_not_do_is_noticed() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let rep = app.colleague(&owner, "rep").await;
    for _ in 0..10 {
        assert_eq!(rep.patch_json("/api/v1/organisation", &json!({"name": "Mine"})).await.status, 403);
    }
    let event = security_event(&app, &owner, "permission.denied_repeatedly").await;
    assert_eq!(event["details"]["last"], "settings:write");
    assert!(kinds(&entries(&app, &owner, "kind=permission").await).len() >= 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_from_another_device_is_noticed() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Deep Line").await;
    let login = async |agent: &str| {
        let stranger = app.stranger();
        let form = [("email", owner.email.as_str()), ("password", Visitor::PASSWORD)];
        let request = stranger.request("POST", "/login").header("accept", "text/html").header("user-agent", agent).form(&form);
        assert_eq!(stranger.send(request).await.status, 303);
        app.settle().await;
    };
    login("").await;
    assert!(owner.get("/api/v1/security-events").await.json()["data"].as_array().unwrap().is_empty());
    login("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0").await;
    let event = security_event(&app, &owner, "session.unfamiliar").await;
    assert_eq!((&event["severity"], &event["details"]["new_network"]), (&json!("info"), &json!(false)));
    assert_eq!(event["details"]["device"], "Firefox on Linux");
}
