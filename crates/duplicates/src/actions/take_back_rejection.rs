use std::collections::BTreeSet;

use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::Problem;
use jiff::Timestamp;
use kernel::{Actor, ClusterId, LeadId};
use serde_json::json;

use super::{
    change_settings::learn,
    examine::{Against, examine},
};
use crate::store::{self, clusters::StoredCluster};

/// Why a rejection stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeBackError {
    /// This cluster was never rejected, or is not the caller's to judge.
    #[error("not found")]
    NotFound,
    /// It was taken back before, or decided anew.
    #[error("taken back already")]
    Already,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<TakeBackError> for Problem {
    fn from(error: TakeBackError) -> Self {
        match error {
            TakeBackError::NotFound => Self::not_found(),
            TakeBackError::Already => Self::conflict("This was taken back already, or somebody has decided anew. Nothing was changed."),
            TakeBackError::Db(error) => error.into(),
        }
    }
}

/// Forgets that the leads of a cluster were said to be different people: its pairs are as undecided as before, and the
/// cluster is there again under its id if its leads still resemble each other.
pub(crate) async fn take_back_rejection(tx: &TenantTx, id: ClusterId, actor: Actor, now: Timestamp) -> Result<(), TakeBackError> {
    store::lock(tx).await?;
    let (rejection, at) = store::rejections::newest(tx, id).await?.ok_or(TakeBackError::NotFound)?;
    // Whoever sees only some of them could not have rejected them; a lead that is gone makes it another cluster.
    if store::people(tx, &rejection.leads).await?.len() != rejection.leads.len() {
        return Err(TakeBackError::NotFound);
    }
    if store::rejections::take_back(tx, &rejection, at).await? == 0 {
        return Err(TakeBackError::Already);
    }
    let payload = json!({ "leads": rejection.leads, "only": rejection.only });
    append(tx, &[NewEvent { kind: "duplicates.rejection_undone", subject: Subject::of(id), actor, at: now, payload }]).await?;
    learn(tx, now).await?;
    let settings = store::settings::get(tx).await?;
    // What was left of the cluster has become others meanwhile. They are formed anew, and the one that was keeps its id.
    let since = store::clusters::of(tx, &rejection.leads).await?;
    let all: BTreeSet<LeadId> = since.iter().flat_map(|cluster| cluster.leads.iter()).chain(&rejection.leads).copied().collect();
    store::clusters::remove(tx, &since.iter().map(|cluster| cluster.id).collect::<Vec<_>>()).await?;
    let found_at = rejection.found_at.unwrap_or(now);
    store::clusters::put(tx, &[StoredCluster { id, leads: rejection.leads, bits: 0.0, by_hand: false, found_at }]).await?;
    examine(tx, &all.into_iter().collect::<Vec<_>>(), Against::Everybody, &settings, now).await?;
    Ok(())
}
