use std::{collections::HashMap, sync::Arc, time::Duration};

use db::Db;
use futures_util::FutureExt;
use jiff::{SignedDuration, Timestamp};
use kernel::Clock;
use rand::RngExt;
use tokio::{
    sync::Notify,
    task::{AbortHandle, JoinSet},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{
    Failure, JobId, Outcome, Registry, Run,
    job::RunInner,
    schedule,
    store::{self, Claimed, Lease},
};

/// How long a silent worker keeps its jobs: after a kill -9 the work goes on within this time.
pub const LEASE: Duration = Duration::from_secs(8);
const RENEW: Duration = Duration::from_secs(2);
const SWEEP: Duration = Duration::from_secs(3600);
/// What a job may take to end after the process was asked to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Runs jobs until told to stop. Any number of workers on any number of nodes may run.
pub struct Worker<S> {
    db: Db,
    clock: Clock,
    registry: Registry<S>,
    state: S,
    concurrency: usize,
    wake: Arc<Notify>,
}

struct Running {
    lease: Lease,
    attempt: i32,
    abort: AbortHandle,
}

impl<S: Clone + Send + Sync + 'static> Worker<S> {
    /// A worker for the kinds in `registry` that runs up to `concurrency` jobs at once.
    pub fn new(db: Db, clock: Clock, registry: Registry<S>, state: S, concurrency: usize) -> Self {
        Self { db, clock, registry, state, concurrency, wake: Arc::new(Notify::new()) }
    }

    /// Works until `stop`, then lets running jobs end or puts them back.
    pub async fn run(self, stop: CancellationToken) {
        let wake = self.wake.clone();
        let listener = db::listen::spawn(self.db.url().to_owned(), &["leadline_jobs"], move |_, _| wake.notify_one());
        let kinds: Vec<&str> = self.registry.handlers.keys().copied().collect();
        // When business time runs fast, a second of waiting would be an hour of it.
        let poll = if self.clock.speed() > 1 { Duration::from_millis(50) } else { Duration::from_secs(1) };
        let mut tasks: JoinSet<JobId> = JoinSet::new();
        let mut running: HashMap<JobId, Running> = HashMap::new();
        let mut next_renew = Instant::now() + RENEW;
        let mut next_sweep = Instant::now();
        let mut next_tick = Instant::now();

        while !stop.is_cancelled() {
            if Instant::now() >= next_tick {
                next_tick = Instant::now() + poll;
                if let Err(error) = schedule::tick(&self.db, &self.registry.schedules, self.clock.now()).await {
                    tracing::warn!(%error, "schedules could not be looked at; they are tried again");
                }
            }
            if Instant::now() >= next_sweep {
                next_sweep = Instant::now() + SWEEP;
                if let Err(error) = store::sweep(&self.db).await {
                    tracing::warn!(%error, "old jobs could not be swept; it is tried again");
                }
            }
            if Instant::now() >= next_renew {
                next_renew = Instant::now() + RENEW;
                self.renew(&running).await;
            }
            let free = self.concurrency.saturating_sub(running.len());
            let claimed = if free == 0 { Vec::new() } else { self.claim(&kinds, free).await };
            let filled = claimed.len() == free;
            for job in claimed {
                let id = job.lease.id;
                let (lease, attempt) = (job.lease, job.attempt);
                let abort = tasks.spawn(self.execute(job).map(move |()| id));
                running.insert(id, Running { lease, attempt, abort });
            }
            tokio::select! {
                () = stop.cancelled() => break,
                Some(ended) = tasks.join_next_with_id(), if !tasks.is_empty() => match ended {
                    Ok((_, id)) => { running.remove(&id); }
                    Err(_) => running.retain(|_, job| !job.abort.is_finished()),
                },
                () = self.wake.notified(), if free > 0 => {}
                () = tokio::time::sleep(poll), if !(filled && free > 0) => {}
                () = std::future::ready(()), if filled && free > 0 && running.len() < self.concurrency => {}
            }
        }
        listener.abort();
        self.wind_down(tasks, running).await;
    }

    /// Runs what is due now, one after the other, until nothing is; returns how many runs that took.
    /// For tests, and for commands that must not return before their work is done.
    pub async fn drain(&self) -> usize {
        let kinds: Vec<&str> = self.registry.handlers.keys().copied().collect();
        let mut runs = 0;
        loop {
            let claimed = self.claim(&kinds, 1).await;
            if claimed.is_empty() {
                return runs;
            }
            for job in claimed {
                self.execute(job).await;
                runs += 1;
            }
        }
    }

    async fn claim(&self, kinds: &[&str], free: usize) -> Vec<Claimed> {
        let limit = i64::try_from(free).unwrap_or(i64::MAX);
        store::claim(&self.db, kinds, limit, self.clock.now(), LEASE.as_secs_f64()).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "jobs could not be claimed; it is tried again");
            Vec::new()
        })
    }

    /// Renews all leases in one statement; a job whose lease is gone is aborted.
    async fn renew(&self, running: &HashMap<JobId, Running>) {
        if running.is_empty() {
            return;
        }
        let leases: Vec<Lease> = running.values().map(|job| job.lease).collect();
        match store::renew(&self.db, &leases, LEASE.as_secs_f64()).await {
            Ok(held) => running.iter().filter(|(id, _)| !held.contains(id)).for_each(|(_, job)| job.abort.abort()),
            Err(error) => tracing::warn!(%error, "leases could not be renewed; it is tried again"),
        }
    }

    async fn wind_down(&self, mut tasks: JoinSet<JobId>, mut running: HashMap<JobId, Running>) {
        let deadline = Instant::now() + GRACE;
        while let Ok(Some(ended)) = tokio::time::timeout_at(deadline, tasks.join_next()).await {
            if let Ok(id) = ended {
                running.remove(&id);
            }
        }
        for job in running.values().filter(|job| !job.abort.is_finished()) {
            job.abort.abort();
            // This try does not count against the job.
            let _ = store::put_back(&self.db, &job.lease, self.clock.now(), job.attempt - 1, Some("the worker was stopped")).await;
        }
    }

    fn execute(&self, job: Claimed) -> impl Future<Output = ()> + Send + 'static {
        let Claimed { lease, kind, org, scope, payload, attempt, max_attempts } = job;
        let (db, clock) = (self.db.clone(), self.clock.clone());
        let inner = Arc::new(RunInner { db: db.clone(), clock: clock.clone(), lease, org, scope, attempt });
        let run = Run { state: self.state.clone(), inner };
        let handler = self.registry.handlers.get(kind.as_str()).cloned();
        async move {
            let Some(handler) = handler else { return };
            let result = std::panic::AssertUnwindSafe(handler(payload, run))
                .catch_unwind()
                .await
                .unwrap_or_else(|_| Err(Failure::retry("it panicked")));
            let recorded = match result {
                Ok(Outcome::Done) => store::finish(&db, &lease, "done", None).await,
                Ok(Outcome::Stopped) => store::finish(&db, &lease, "stopped", None).await,
                Ok(Outcome::Again(at)) => store::put_back(&db, &lease, at, 0, None).await,
                Err(Failure::Retry(why)) if attempt < max_attempts => {
                    tracing::warn!(job = lease.id.0, kind, attempt, why, "a job failed and will be tried again");
                    store::put_back(&db, &lease, backoff(clock.now(), clock.speed(), attempt), attempt, Some(&why)).await
                }
                Err(Failure::Retry(why) | Failure::GiveUp(why)) => {
                    tracing::error!(job = lease.id.0, kind, attempt, why, "a job is dead");
                    store::finish(&db, &lease, "dead", Some(&why)).await
                }
            };
            if let Err(error) = recorded {
                // The lease runs out and the job runs again, which it must bear anyway.
                tracing::warn!(job = lease.id.0, %error, "a job's outcome could not be recorded");
            }
        }
    }
}

/// 2 s, 4 s, 8 s … up to an hour, each ± 20 %, in real seconds whatever the speed of the clock.
fn backoff(now: Timestamp, speed: i64, attempt: i32) -> Timestamp {
    let base = 2_f64.powi(attempt.clamp(1, 12)).min(3600.0);
    let jittered = base * rand::rng().random_range(0.8..1.2);
    let wait = SignedDuration::from_secs_f64(jittered * speed as f64);
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}
