use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use jobs::{JobStatus, Options};
use kernel::Actor;
use serde_json::json;

use crate::jobs::scan::ScanLeads;

/// Compares all leads in the background; a scan that waits already is enough.
pub(crate) async fn start(tx: &TenantTx, actor: Actor, now: Timestamp) -> Result<(), DbError> {
    if jobs::enqueue(tx, &ScanLeads {}, Options::unique(key(tx))).await?.is_some() {
        let event = NewEvent { kind: "duplicates.scan_started", subject: Subject::of(tx.org()), actor, at: now, payload: json!({}) };
        append(tx, &[event]).await?;
    }
    Ok(())
}

/// How the newest scan is doing. It counts everybody's leads, so it is there for whoever sees all of them.
pub(crate) async fn status(tx: &TenantTx) -> Result<Option<JobStatus>, DbError> {
    match jobs::status_by_key::<ScanLeads>(tx, &key(tx)).await? {
        Some(job) => jobs::status(tx, job.id).await,
        None => Ok(None),
    }
}

/// Stops the scan that waits or runs; what it has found stays.
pub(crate) async fn stop(tx: &TenantTx) -> Result<bool, DbError> {
    match status(tx).await? {
        Some(job) => jobs::request_stop(tx, job.id).await,
        None => Ok(false),
    }
}

fn key(tx: &TenantTx) -> String {
    tx.org().to_string()
}
