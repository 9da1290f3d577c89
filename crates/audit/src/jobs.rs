//! Checks an organisation's chain from its first entry to its last.

use std::time::{Duration, Instant};

use db::{DbError, Scope, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::App;
use jobs::{Failure, Job, JobStatus, Options, Outcome, Registry, Run};
use kernel::{Actor, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    entry::{Fault, Link},
    store,
};

/// Entries read at once.
const CHUNK: i64 = 2_000;
/// How often it says how far it is.
const TELL: Duration = Duration::from_millis(500);

/// Recomputes every hash of the organisation's audit log.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct VerifyChain {
    /// Who asked for it.
    pub(crate) by: UserId,
}

/// How far it is, and what it found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) checked: i64,
    pub(crate) total: i64,
    pub(crate) fault: Option<Fault>,
    #[serde(default)]
    pub(crate) finished_at: Option<jiff::Timestamp>,
}

const KEY: &str = "audit:";

/// Enqueues the check; one that waits already is not doubled.
pub(crate) async fn enqueue(tx: &TenantTx, by: UserId) -> Result<(), DbError> {
    let options = Options { max_attempts: Some(3), ..Options::unique(format!("{KEY}{}", tx.org())) };
    jobs::enqueue(tx, &VerifyChain { by }, options).await?;
    Ok(())
}

/// The last check of this organisation.
pub(crate) async fn status(tx: &TenantTx) -> Result<Option<JobStatus>, DbError> {
    jobs::status_by_key::<VerifyChain>(tx, &format!("{KEY}{}", tx.org())).await
}

impl Job for VerifyChain {
    const KIND: &'static str = "audit.verify_chain";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let db = &cx.state.db;
        let scope = Scope::whole(cx.org()?);
        let tx = db.tenant(&scope).await?;
        // In this order: entries that come between the two are behind both numbers.
        let last = store::last_no(&tx).await?;
        let head = store::own_head(&tx).await?;
        tx.commit().await?;
        let mut progress = Progress { total: head.no, ..Progress::default() };
        let mut link = Link::beginning();
        let mut told = Instant::now();
        while link.no < head.no && progress.fault.is_none() {
            // A transaction for each piece: one that stays open holds the log's readers back.
            let tx = db.tenant(&scope).await?;
            let entries = store::walk(&tx, link.no, head.no, CHUNK).await?;
            tx.commit().await?;
            if entries.is_empty() {
                progress.fault = Some(Fault::Missing { no: link.no + 1 });
            }
            progress.fault = progress.fault.or_else(|| entries.iter().find_map(|entry| link.follow(entry).err()));
            progress.checked = link.no;
            if told.elapsed() > TELL {
                told = Instant::now();
                cx.progress(&json!(progress)).await?;
            }
            if cx.should_stop().await? {
                return Ok(Outcome::Stopped);
            }
        }
        if progress.fault.is_none() && link.hash != head.hash {
            progress.fault = Some(Fault::AnotherEnd { no: head.no });
        }
        if progress.fault.is_none() && last > head.no {
            progress.fault = Some(Fault::Added { no: head.no + 1 });
        }
        progress.finished_at = Some(cx.now());
        cx.progress(&json!(progress)).await?;
        let (kind, payload) = match &progress.fault {
            None => ("audit.verified", json!({ "entries": progress.checked, "head": head.hash })),
            Some(fault) => ("audit.damaged", json!({ "entries": progress.checked, "found": fault.to_string() })),
        };
        let tx = db.tenant(&cx.scope()?).await?;
        let event = NewEvent { kind, subject: Subject::of(scope.org()), actor: Actor::User(self.by), at: cx.now(), payload };
        append(&tx, &[event]).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }
}

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry.job::<VerifyChain>()
}
