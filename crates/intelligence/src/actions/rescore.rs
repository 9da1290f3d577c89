use db::{DbError, TenantTx};
use http_kit::{App, Problem};
use identity::{Can, SettingsWrite};
use jiff::Timestamp;
use jobs::{JobStatus, Options};

use crate::{
    jobs::RescoreLeads,
    model::Weights,
    store::{self, NewScore, ScoredLead},
};

/// A change of fewer points is not worth a line in anybody's timeline.
const NOTABLE: i32 = 10;

/// Why leads are scored anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Something about these leads changed: each notable change of a score is an event of its lead.
    Facts,
    /// The model changed, the leads did not: one event for all of them.
    Model,
}

/// Scores `leads` anew and stores what differs; returns how many differed. The caller holds the scoring lock.
pub(crate) async fn rescore(tx: &TenantTx, weights: &Weights, leads: &[ScoredLead], cause: Cause, at: Timestamp) -> Result<usize, DbError> {
    let changed: Vec<NewScore> = leads
        .iter()
        .filter_map(|lead| {
            let score = weights.score(&lead.facts());
            let notable = cause == Cause::Facts && lead.is_scored() && (score.score - lead.now.score).abs() >= NOTABLE;
            (score != lead.now).then_some(NewScore { lead: lead.id, score, notable_from: notable.then_some(lead.now.score) })
        })
        .collect();
    store::write_scores(tx, &changed, at).await?;
    // What has no event of its own is told together.
    if changed.iter().any(|new| new.notable_from.is_none()) {
        store::tell_rescored(tx, changed.len(), at).await?;
    }
    Ok(changed.len())
}

/// Enqueues the rescoring of all leads in `tx`; one that waits already is enough.
pub(crate) async fn enqueue(tx: &TenantTx) -> Result<(), DbError> {
    jobs::enqueue(tx, &RescoreLeads {}, Options::unique(key(tx))).await?;
    Ok(())
}

/// How the newest rescoring is doing.
pub(crate) async fn status(tx: &TenantTx) -> Result<Option<JobStatus>, DbError> {
    jobs::status_by_key::<RescoreLeads>(tx, &key(tx)).await
}

/// Rescores all leads, at somebody's wish.
pub(crate) async fn rescore_all(app: &App, viewer: &Can<SettingsWrite>) -> Result<(), Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    enqueue(&tx).await?;
    Ok(tx.commit().await?)
}

/// Stops the rescoring that waits or runs; leads done so far keep their new score.
pub(crate) async fn stop(app: &App, viewer: &Can<SettingsWrite>) -> Result<bool, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let stopped = match status(&tx).await? {
        Some(job) => jobs::request_stop(&tx, job.id).await?,
        None => false,
    };
    tx.commit().await?;
    Ok(stopped)
}

fn key(tx: &TenantTx) -> String {
    tx.org().to_string()
}
