//! The changes feed: every event once, in the order of commits, and only what its reader may know.

use std::{collections::BTreeSet, time::Duration};

use kernel::Uuid;
use rand::RngExt;
use serde_json::{Value, json};
use tokio_postgres::NoTls;

use crate::support::{TestApp, TestOptions, Visitor};

/// Everything after `cursor` that can be read now, page by page, and the cursor after it.
async fn follow(visitor: &Visitor, cursor: &str, rest: &str) -> (Vec<Value>, String) {
    let (mut seen, mut cursor) = (Vec::new(), cursor.to_owned());
    loop {
        let since = if cursor.is_empty() { String::new() } else { format!("since={cursor}&") };
        let page = visitor.get(&format!("/api/v1/events?{since}{rest}")).await.expect(200).json();
        seen.extend(page["data"].as_array().unwrap().iter().cloned());
        page["next_cursor"].as_str().unwrap().clone_into(&mut cursor);
        if page["has_more"] == false {
            return (seen, cursor);
        }
    }
}

/// The same once `count` events of people have come: a transaction that is open anywhere in the cluster, as in another
/// test's database, holds the feed back for a while.
async fn follow_until(visitor: &Visitor, cursor: &str, rest: &str, count: usize) -> (Vec<Value>, String) {
    let (mut seen, mut cursor) = (Vec::new(), cursor.to_owned());
    for _ in 0..400 {
        let (part, next) = follow(visitor, &cursor, rest).await;
        seen.extend(part.into_iter().filter(|event| event["actor"] != "system"));
        cursor = next;
        if seen.len() >= count {
            return (seen, cursor);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("only {} of {count} events came: {seen:?}", seen.len());
}

fn kinds(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_tells_what_happened_and_goes_on_from_a_cursor() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    let (_, start) = follow(&owner, "now", "limit=10").await;
    let lead = owner.post_json("/api/v1/leads", &json!({"first_name": "Ada"})).await.expect(201).json();
    let path = format!("/api/v1/leads/{}", lead["id"].as_str().unwrap());
    owner.patch_json(&path, &json!({"title": "CTO", "status": "contacted"})).await.expect(200);
    owner.post_json("/api/v1/notes", &json!({"lead_id": lead["id"], "body": "x"})).await.expect(201);
    let (events, end) = follow_until(&owner, &start, "limit=2", 4).await;
    assert_eq!(kinds(&events), ["lead.created", "lead.updated", "lead.status_changed", "note.added"]);
    let me = owner.get("/api/v1/me").await.json()["id"].clone();
    assert!(events.iter().all(|event| event["subject"] == lead["id"] && event["actor"] == me), "{events:?}");
    app.settle().await;
    let (_, end) = follow(&owner, &end, "limit=2").await;
    let idle = owner.get(&format!("/api/v1/events?since={end}")).await.expect(200).json();
    assert_eq!(idle, json!({"data": [], "next_cursor": end, "has_more": false}), "while nothing happens the cursor stays");
    let narrowed = follow_until(&owner, &start, "kinds=note.*,lead.status_changed", 2).await.0;
    assert_eq!(kinds(&narrowed), ["lead.status_changed", "note.added"]);

    for wrong in ["since=x", "kinds=session.started", "kinds=lead", "kinds=lead.", "limit=0", "limit=1001", "since=Wy01LC01XQ"] {
        let refused = owner.get(&format!("/api/v1/events?{wrong}")).await.expect(422).json();
        assert_eq!(refused["errors"][0]["pointer"], format!("/{}", wrong.split('=').next().unwrap()), "{refused}");
    }
    // Who signed in when is the audit log's business.
    let (all, _) = follow_until(&owner, "", "limit=1000", 4).await;
    assert!(
        all.iter().all(|event| !["session", "person", "member", "organisation", "key"]
            .contains(&event["kind"].as_str().unwrap().split('.').next().unwrap())),
        "{all:?}"
    );
    let neighbour = app.sign_up("Neighbour").await;
    assert_eq!(follow(&neighbour, "", "kinds=lead.*").await.0, [] as [Value; 0]);
    app.stranger().get("/api/v1/events").await.expect(401);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_sees_some_leads_follows_those() {
    let app = TestApp::start().await;
    let owner = app.sign_up("Acme").await;
    app.sql("INSERT INTO role_settings (org_id, role, visibility) SELECT org_id, 'rep', 'own' FROM organisations").await;
    let rep = app.colleague(&owner, "rep").await;
    let hers = rep
        .post_json("/api/v1/leads", &json!({"first_name": "Hers", "company_name": "Looms", "company_domain": "looms.example"}))
        .await
        .expect(201)
        .json();
    let other = json!({"first_name": "Other", "company_name": "Tools", "company_domain": "tools.example"});
    let other = owner.post_json("/api/v1/leads", &other).await.expect(201).json();
    owner.patch_json(&format!("/api/v1/accounts/{}", other["account_id"].as_str().unwrap()), &json!({"city": "Paris"})).await.expect(200);
    owner.post_json("/api/v1/leads/bulk", &json!({"action": "add_tags", "tags": ["x"], "filter": {}})).await.expect(200);
    let (events, _) = follow_until(&rep, "", "limit=3", 2).await;
    let subjects: BTreeSet<&str> = events.iter().map(|event| event["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, BTreeSet::from([hers["id"].as_str().unwrap()]), "neither others' leads nor accounts nor bulk work of all");
    assert!(kinds(&events).contains(&"lead.tagged"));
    assert!(follow_until(&owner, "", "limit=3", 6).await.0.iter().any(|event| event["subject"] == other["account_id"]));
}

/// Many writers whose transactions overlap and commit in any order, one aborted in five, and a reader beside them.
#[tokio::test(flavor = "multi_thread")]
async fn concurrent_writers_lose_and_double_nothing() {
    const WRITERS: usize = 8;
    const TRANSACTIONS: usize = 40;
    let app = TestApp::start_with(TestOptions { requests_per_minute: 1_000_000, ..TestOptions::default() }).await;
    let owner = app.sign_up("Acme").await;
    let org: Uuid = app.text("SELECT org_id::text FROM organisations").await.parse().unwrap();
    let lead = owner.post_json("/api/v1/leads", &json!({"first_name": "Ada"})).await.expect(201).json();
    let lead: Uuid = lead["id"].as_str().unwrap().trim_start_matches("lead_").parse().unwrap();
    let (_, start) = follow_until(&owner, "", "limit=1000", 1).await;
    let mut writers = Vec::new();
    for writer in 0..WRITERS {
        let url = app.app.db.url().to_owned();
        writers.push(tokio::spawn(async move {
            let (mut client, connection) = tokio_postgres::connect(&url, NoTls).await.unwrap();
            tokio::spawn(connection);
            let mut committed = Vec::new();
            for number in 0..TRANSACTIONS {
                let (count, wait, aborts) = {
                    let mut random = rand::rng();
                    (random.random_range(1..6), random.random_range(0..12), random.random_range(0..5) == 0)
                };
                let tx = client.transaction().await.unwrap();
                let mut written = Vec::new();
                for part in 0..count {
                    let name = format!("{writer}/{number}/{part}");
                    let payload = json!({ "name": name });
                    tx.execute(
                        "INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload) VALUES ($1, 'lead.tagged', 'lead', $2, 'system', '2026-01-05', $3)",
                        &[&org, &lead, &payload],
                    )
                    .await
                    .unwrap();
                    written.push(name);
                    // Between its events others take numbers and commit.
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                if aborts {
                    tx.rollback().await.unwrap();
                } else {
                    tx.commit().await.unwrap();
                    committed.extend(written);
                }
            }
            committed
        }));
    }
    let (mut seen, mut cursor, mut limit) = (Vec::new(), start, 1);
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        limit = limit % 7 + 1;
        let (part, next) = follow(&owner, &cursor, &format!("limit={limit}&kinds=lead.tagged")).await;
        seen.extend(part);
        cursor = next;
    }
    let mut committed = Vec::new();
    for writer in writers {
        committed.extend(writer.await.unwrap());
    }
    // What is committed is readable once every older transaction has ended.
    for _ in 0..100 {
        let (part, next) = follow(&owner, &cursor, "limit=50&kinds=lead.tagged").await;
        seen.extend(part);
        cursor = next;
        if seen.len() >= committed.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut names: Vec<String> = seen.iter().map(|event| event["payload"]["name"].as_str().unwrap().to_owned()).collect();
    names.sort();
    committed.sort();
    assert_eq!(names, committed, "each committed event once, no aborted one");
    let numbers: Vec<i64> = seen.iter().map(|event| event["id"].as_i64().unwrap()).collect();
    assert!(!numbers.is_sorted(), "the test is worth nothing unless transactions committed out of the order of their numbers");
}
