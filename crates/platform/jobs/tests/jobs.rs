//! The queue's promises, against a real PostgreSQL.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use db::{Db, DbConfig};
use jiff::SignedDuration;
use kernel::{Clock, OrgId};
use leadline_jobs as jobs;
use leadline_jobs::{Failure, Job, Options, Outcome, Registry, Run, Worker, enqueue, request_stop, status};
use serde::{Deserialize, Serialize};
use testkit::TestDatabase;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// What the jobs of a test did.
#[derive(Clone, Default)]
struct Log {
    lines: Arc<Mutex<Vec<String>>>,
    gate: Arc<Notify>,
}

impl Log {
    fn add(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }
    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

/// Does what its word says.
#[derive(Serialize, Deserialize)]
struct Act {
    word: String,
}

impl Job for Act {
    const KIND: &'static str = "test.act";
    type State = Log;
    async fn run(self, cx: Run<Log>) -> Result<Outcome, Failure> {
        cx.state.add(format!("{} {}", self.word, cx.attempt()));
        match self.word.as_str() {
            "fail" => Err(Failure::retry("the other side is down")),
            "hopeless" => Err(Failure::give_up("no such thing")),
            "panic" => panic!("on purpose"),
            "wait" => {
                cx.state.gate.notified().await;
                cx.state.add("waited");
                Ok(Outcome::Done)
            }
            "until stopped" => {
                while !cx.should_stop().await? {
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
                Ok(Outcome::Stopped)
            }
            "again" if cx.now() < "2026-01-05T10:00:00Z".parse().unwrap() => Ok(Outcome::Again("2026-01-05T10:00:00Z".parse().unwrap())),
            _ => Ok(Outcome::Done),
        }
    }
}

struct Fixture {
    db: Db,
    clock: Clock,
    log: Log,
    org: OrgId,
    _database: TestDatabase,
}

impl Fixture {
    async fn new() -> Self {
        let _ = tracing_subscriber::fmt().with_test_writer().try_init();
        let database = TestDatabase::create().await;
        let db = Db::new(&DbConfig::new(database.url())).unwrap();
        let clock = Clock::manual("2026-01-05T09:00:00Z".parse().unwrap());
        Self { db, clock, log: Log::default(), org: OrgId::new(), _database: database }
    }

    fn worker(&self) -> Worker<Log> {
        Worker::new(self.db.clone(), self.clock.clone(), Registry::default().job::<Act>(), self.log.clone(), 4)
    }

    async fn enqueue(&self, word: &str, options: Options) -> Option<jobs::JobId> {
        let tx = self.db.tenant(&db::Scope::whole(self.org)).await.unwrap();
        let id = enqueue(&tx, &Act { word: word.to_owned() }, options).await.unwrap();
        tx.commit().await.unwrap();
        id
    }

    async fn state(&self, id: jobs::JobId) -> String {
        let tx = self.db.tenant(&db::Scope::whole(self.org)).await.unwrap();
        status(&tx, id).await.unwrap().unwrap().state
    }

    /// As a vanished worker's leases look a little later.
    async fn expire_leases(&self) {
        let tx = self.db.system().await.unwrap();
        tx.execute("UPDATE jobs SET leased_until = clock_timestamp() - interval '1 second' WHERE state = 'running'", &[]).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_exists_exactly_if_its_transaction_committed() {
    let f = Fixture::new().await;
    let tx = f.db.tenant(&db::Scope::whole(f.org)).await.unwrap();
    enqueue(&tx, &Act { word: "never".into() }, Options::default()).await.unwrap();
    drop(tx);
    f.enqueue("once", Options::default()).await;
    assert_eq!(f.worker().drain().await, 1);
    assert_eq!(f.log.lines(), ["once 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn priority_goes_first_then_age_and_nothing_before_its_time() {
    let f = Fixture::new().await;
    f.enqueue("later", Options::default().at("2026-01-05T09:30:00Z".parse().unwrap())).await;
    f.enqueue("first", Options::default()).await;
    f.enqueue("second", Options::default()).await;
    f.enqueue("urgent", Options { priority: 5, ..Options::default() }).await;
    f.worker().drain().await;
    assert_eq!(f.log.lines(), ["urgent 1", "first 1", "second 1"]);
    f.clock.advance(SignedDuration::from_mins(31));
    f.worker().drain().await;
    assert_eq!(f.log.lines().last().unwrap(), "later 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_job_of_a_key_waits_and_a_running_one_does_not_swallow_new_work() {
    let f = Fixture::new().await;
    assert!(f.enqueue("wait", Options::unique("k")).await.is_some());
    assert!(f.enqueue("wait", Options::unique("k")).await.is_none());
    let worker = f.worker();
    let running = tokio::spawn(async move { worker.drain().await });
    while f.log.lines().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Enqueued while the first runs: it must not be lost, and must not run beside it.
    assert!(f.enqueue("after", Options::unique("k")).await.is_some());
    assert_eq!(f.worker().drain().await, 0);
    f.log.gate.notify_one();
    running.await.unwrap();
    f.worker().drain().await;
    assert_eq!(f.log.lines(), ["wait 1", "waited", "after 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_retried_with_growing_pauses_and_end_dead() {
    let f = Fixture::new().await;
    let id = f.enqueue("fail", Options { max_attempts: Some(3), ..Options::default() }).await.unwrap();
    let mut pauses = Vec::new();
    for tries in 1..=3 {
        let mut half_seconds = 0;
        while f.worker().drain().await == 0 {
            f.clock.advance(SignedDuration::from_millis(500));
            half_seconds += 1;
            assert!(half_seconds < 100, "try {tries} never came");
        }
        pauses.push(half_seconds);
    }
    assert!(pauses[0] == 0 && pauses[1] >= 3 && pauses[2] > pauses[1], "{pauses:?}");
    assert_eq!(f.log.lines(), ["fail 1", "fail 2", "fail 3"]);
    assert_eq!(f.state(id).await, "dead");
    let hopeless = f.enqueue("hopeless", Options::default()).await.unwrap();
    let panics = f.enqueue("panic", Options { max_attempts: Some(1), ..Options::default() }).await.unwrap();
    f.worker().drain().await;
    assert_eq!((f.state(hopeless).await.as_str(), f.state(panics).await.as_str()), ("dead", "dead"));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_worker_takes_over_and_the_first_can_record_nothing() {
    let f = Fixture::new().await;
    let id = f.enqueue("wait", Options::default()).await.unwrap();
    let first = f.worker();
    let stalled = tokio::spawn(async move { first.drain().await });
    while f.log.lines().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    f.expire_leases().await;
    let second = f.worker();
    let taken_over = tokio::spawn(async move { second.drain().await });
    while f.log.lines().len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(f.log.lines(), ["wait 1", "wait 2"]);
    f.log.gate.notify_one(); // the stalled one wakes first, with a token that is out of date
    stalled.await.unwrap();
    assert_eq!(f.state(id).await, "running");
    f.log.gate.notify_one();
    taken_over.await.unwrap();
    assert_eq!(f.state(id).await, "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_job_stops_when_asked_and_a_waiting_one_at_once() {
    let f = Fixture::new().await;
    let running = f.enqueue("until stopped", Options::default()).await.unwrap();
    let worker = f.worker();
    let task = tokio::spawn(async move { worker.drain().await });
    while f.log.lines().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let waiting = f.enqueue("never", Options::default().at("2030-01-01T00:00:00Z".parse().unwrap())).await.unwrap();
    let tx = f.db.tenant(&db::Scope::whole(f.org)).await.unwrap();
    assert!(request_stop(&tx, running).await.unwrap() && request_stop(&tx, waiting).await.unwrap());
    tx.commit().await.unwrap();
    task.await.unwrap();
    assert_eq!((f.state(running).await.as_str(), f.state(waiting).await.as_str()), ("stopped", "stopped"));
    let neighbour = f.db.tenant(&db::Scope::whole(OrgId::new())).await.unwrap();
    assert!(status(&neighbour, running).await.unwrap().is_none());
    assert!(!request_stop(&neighbour, running).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_may_ask_to_run_again_later() {
    let f = Fixture::new().await;
    let id = f.enqueue("again", Options::default()).await.unwrap();
    f.worker().drain().await;
    assert_eq!(f.state(id).await, "ready");
    f.clock.advance(SignedDuration::from_hours(1));
    f.worker().drain().await;
    assert_eq!((f.state(id).await.as_str(), f.log.lines().len()), ("done", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_the_work_and_a_schedule_and_stop_in_order() {
    let f = Fixture::new().await;
    for n in 0..40 {
        f.enqueue(&format!("job{n}"), Options::default()).await;
    }
    let stop = CancellationToken::new();
    let mut workers = Vec::new();
    for _ in 0..2 {
        let registry = Registry::default().every(SignedDuration::from_hours(1), &Act { word: "scheduled".into() });
        let worker = Worker::new(f.db.clone(), f.clock.clone(), registry, f.log.clone(), 4);
        workers.push(tokio::spawn(worker.run(stop.clone())));
    }
    for _ in 0..400 {
        if f.log.lines().len() >= 41 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    stop.cancel();
    for worker in workers {
        tokio::time::timeout(Duration::from_secs(5), worker).await.expect("stops in time").unwrap();
    }
    let mut lines = f.log.lines();
    lines.sort();
    lines.dedup();
    assert_eq!((lines.len(), f.log.lines().len()), (41, 41), "each exactly once, the schedule too");
}

/// A node that is killed in the middle holds its jobs for the length of the lease at most.
#[test]
fn the_lease_is_short_enough_to_resume_within_ten_seconds() {
    assert!(jobs::LEASE <= Duration::from_secs(9));
}
