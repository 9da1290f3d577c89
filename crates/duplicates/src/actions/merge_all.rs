use db::{DbError, TenantTx};
use http_kit::Problem;
use jiff::Timestamp;
use jobs::{JobId, JobStatus, Options};
use kernel::{Actor, ClusterId, UserId};

use crate::{jobs::merge_all::MergeAll, store};

/// More than a page of the list several times over are not looked at one by one.
pub(crate) const MOST_CHOSEN: usize = 200;

/// Merges every cluster that is at least so probable, in the background, with the best value of each field.
pub(crate) async fn merge_all(tx: &TenantTx, at_least: f64, actor: Actor, now: Timestamp) -> Result<Option<JobId>, Problem> {
    let settings = store::settings::get(tx).await?;
    if !(settings.show_from..1.0).contains(&at_least) {
        let least = settings.show_from * 100.0;
        return Err(Problem::field("/at_least", "at_least.out_of_range", format!("Name a probability from {least:.1} % to below 100 %")));
    }
    let job = MergeAll { at_least_bits: settings.calibration.bits_for(at_least), chosen: None, by: person(actor), asked_at: now };
    Ok(jobs::enqueue(tx, &job, Options::unique(key(tx, "asked"))).await?)
}

/// The same for these clusters alone, however sure they are. `pointer` is the field that names them.
pub(crate) async fn merge_chosen(
    tx: &TenantTx,
    chosen: &[ClusterId],
    pointer: &str,
    actor: Actor,
    now: Timestamp,
) -> Result<JobId, Problem> {
    if !(1..=MOST_CHOSEN).contains(&chosen.len()) {
        return Err(Problem::field(pointer, "clusters.how_many", format!("Choose 1 to {MOST_CHOSEN} clusters, or merge all sure ones")));
    }
    let there = store::clusters::existing(tx, chosen).await?;
    if there.is_empty() {
        let gone = "None of these clusters is there any more: somebody has decided about them meanwhile";
        return Err(Problem::field(pointer, "clusters.gone", gone));
    }
    let job = MergeAll { at_least_bits: 0.0, chosen: Some(there), by: person(actor), asked_at: now };
    // One that waits already means other clusters: it cannot stand for this one.
    jobs::enqueue(tx, &job, Options::unique(key(tx, "asked")))
        .await?
        .ok_or_else(|| Problem::conflict("Other clusters are waiting to be merged. Try again once they are."))
}

fn person(actor: Actor) -> Option<UserId> {
    match actor {
        Actor::User(user) => Some(user),
        Actor::System | Actor::Provider => None,
    }
}

/// The same for what is sure enough to need no question.
pub(crate) async fn enqueue_automatic(tx: &TenantTx) -> Result<(), DbError> {
    let bits = store::settings::get(tx).await?.automatic_bits();
    let job = MergeAll { at_least_bits: bits, chosen: None, by: None, asked_at: Timestamp::UNIX_EPOCH };
    jobs::enqueue(tx, &job, Options::unique(key(tx, "automatic"))).await?;
    Ok(())
}

/// How the newest one that somebody asked for is doing, unless they see more than whoever wants to know.
pub(crate) async fn status(tx: &TenantTx) -> Result<Option<JobStatus>, DbError> {
    match jobs::status_by_key::<MergeAll>(tx, &key(tx, "asked")).await? {
        Some(job) => jobs::status(tx, job.id).await,
        None => Ok(None),
    }
}

/// Stops it; clusters that were merged stay merged.
pub(crate) async fn stop(tx: &TenantTx) -> Result<bool, DbError> {
    match status(tx).await? {
        Some(job) => jobs::request_stop(tx, job.id).await,
        None => Ok(false),
    }
}

fn key(tx: &TenantTx, what: &str) -> String {
    format!("{what}:{}", tx.org())
}
