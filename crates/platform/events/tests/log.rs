//! The log's promises, against a real PostgreSQL.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use db::{Db, DbConfig, DbError};
use kernel::{Actor, OrgId, Uuid};
use leadline_events::{NewEvent, Subject, Window, advance, append};
use testkit::TestDatabase;

/// The next `count` events, as soon as the transactions of other tests in the same cluster let them through.
async fn read_some(db: &Db, count: usize) -> Vec<String> {
    let mut seen = Vec::new();
    for _ in 0..500 {
        seen.extend(read(db, "test", 100).await);
        if seen.len() >= count {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    seen
}

fn event(kind: &'static str) -> NewEvent {
    NewEvent {
        kind,
        subject: Subject { kind: "thing", id: Uuid::nil() },
        actor: Actor::System,
        at: "2026-01-05T09:00:00Z".parse().unwrap(),
        payload: serde_json::json!({}),
    }
}

/// Reads on as consumer `name`; returns the kinds it saw.
async fn read(db: &Db, name: &str, limit: i64) -> Vec<String> {
    let mut seen = Vec::new();
    advance::<DbError>(db, name, limit, async |tx, window| {
        let sql = format!("SELECT e.kind FROM events e WHERE {} ORDER BY e.xid, e.seq", Window::CLAUSE);
        seen = tx.query(&sql, &window.params()).await?.iter().map(|row| row.get(0)).collect();
        Ok(())
    })
    .await
    .unwrap();
    seen
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_commit_is_not_skipped() {
    let database = TestDatabase::create().await;
    let db = Db::new(&DbConfig::new(database.url())).unwrap();
    let org = OrgId::new();
    let slow = db.tenant(&db::Scope::whole(org)).await.unwrap();
    append(&slow, &[event("slow")]).await.unwrap(); // takes the lower number …
    let quick = db.tenant(&db::Scope::whole(org)).await.unwrap();
    append(&quick, &[event("quick")]).await.unwrap();
    quick.commit().await.unwrap(); // … and commits after this one
    assert_eq!(read(&db, "test", 100).await, Vec::<String>::new(), "nothing is read past an open transaction");
    slow.commit().await.unwrap();
    assert_eq!(read_some(&db, 2).await, ["slow", "quick"]);
    assert_eq!(read(&db, "test", 100).await, Vec::<String>::new(), "and nothing twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_read_in_stretches_each_exactly_once() {
    let database = TestDatabase::create().await;
    let db = Db::new(&DbConfig::new(database.url())).unwrap();
    for org in [OrgId::new(), OrgId::new()] {
        let tx = db.tenant(&db::Scope::whole(org)).await.unwrap();
        append(&tx, &vec![event("x"); 25]).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut total = 0;
    for _ in 0..500 {
        let seen = read(&db, "test", 7).await.len();
        assert!(seen <= 7);
        total += seen;
        if total >= 50 {
            break;
        }
        // Transactions of other tests in the same cluster hold the horizon back for a moment.
        tokio::time::sleep(std::time::Duration::from_millis(if seen == 0 { 20 } else { 0 })).await;
    }
    assert_eq!(total, 50);
    assert_eq!(read(&db, "test", 7).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_reading_is_repeated() {
    let database = TestDatabase::create().await;
    let db = Db::new(&DbConfig::new(database.url())).unwrap();
    let tx = db.tenant(&db::Scope::whole(OrgId::new())).await.unwrap();
    append(&tx, &[event("x")]).await.unwrap();
    tx.commit().await.unwrap();
    // Tried until there is a stretch to fail on.
    let mut failed = Ok(false);
    for _ in 0..500 {
        failed = advance::<DbError>(&db, "test", 10, async |_, _| Err(DbError::Config("on purpose".into()))).await;
        if failed.is_err() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(failed.is_err());
    assert_eq!(read_some(&db, 1).await, ["x"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_cannot_be_rewritten() {
    let database = TestDatabase::create().await;
    let db = Db::new(&DbConfig::new(database.url())).unwrap();
    let tx = db.tenant(&db::Scope::whole(OrgId::new())).await.unwrap();
    append(&tx, &[event("x")]).await.unwrap();
    tx.commit().await.unwrap();
    for statement in ["UPDATE events SET kind = 'y'", "DELETE FROM events"] {
        let tx = db.tenant(&db::Scope::whole(OrgId::new())).await.unwrap();
        assert!(tx.execute(statement, &[]).await.is_err(), "{statement}");
    }
}
