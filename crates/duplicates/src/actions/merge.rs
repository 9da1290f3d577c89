use std::collections::HashSet;

use db::{DbError, TenantTx};
use http_kit::{FieldError, Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Actor, ChangeSetId, ClusterId, LeadId, UserId};
use leads::{Lead, WriteError, changes};

use super::{
    choose::{self, Choices},
    cluster::recluster,
    reject,
};
use crate::{model::cluster::MOST_IN_ONE, store};

/// Why leads could not be merged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MergeError {
    /// The cluster, or one of the leads, is not there or not ours.
    #[error("not found")]
    NotFound,
    /// A merge takes 2 to 12 leads, and the one that stays is one of them.
    #[error("a merge takes 2 to {MOST_IN_ONE} leads, and the one that stays is one of them")]
    NotThese,
    /// A mail to one of them is on its way this minute.
    #[error("a mail to one of them is on its way")]
    InFlight,
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<MergeError> for Problem {
    fn from(error: MergeError) -> Self {
        match error {
            MergeError::NotFound => Self::not_found(),
            MergeError::NotThese => Self::invalid(vec![FieldError::new(
                "/lead_ids",
                "lead_ids.invalid",
                format!("A merge takes 2 to {MOST_IN_ONE} leads of the cluster, and the one that stays is one of them"),
            )]),
            MergeError::InFlight => Self::new(
                ProblemKind::Conflict,
                "A mail to one of them is being sent this minute. Nothing was merged: try again in a moment.",
            ),
            MergeError::Write(error) => error.into(),
            MergeError::Db(error) => error.into(),
        }
    }
}

/// What is to become one.
pub(crate) struct Merge<'a> {
    /// Which of the leads; all of a cluster, or those that somebody kept.
    pub(crate) leads: &'a [LeadId],
    /// Which one stays; none: the oldest.
    pub(crate) into: Option<LeadId>,
    pub(crate) choices: &'a Choices,
}

/// Merges a cluster; leads of it that are not named are somebody else from now on. Returns the lead that stays.
/// Everything is written down in the change set that the transaction has named.
pub(crate) async fn merge_cluster(
    tx: &TenantTx,
    id: ClusterId,
    merge: Merge<'_>,
    actor: Actor,
    now: Timestamp,
) -> Result<Lead, MergeError> {
    store::lock(tx).await?;
    let cluster = store::clusters::get(tx, id).await?.ok_or(MergeError::NotFound)?;
    let named = if merge.leads.is_empty() { &cluster.leads } else { merge.leads };
    if named.iter().any(|lead| !cluster.leads.contains(lead)) {
        return Err(MergeError::NotThese);
    }
    for other in cluster.leads.iter().filter(|lead| !named.contains(lead)) {
        reject::reject_pairs(tx, *other, named, actor, now).await?;
    }
    let lead = merge_leads(tx, Merge { leads: named, ..merge }, actor, now).await?;
    let settings = store::settings::get(tx).await?;
    let touched: HashSet<LeadId> = cluster.leads.into_iter().collect();
    recluster(tx, &touched, &settings, now).await?;
    Ok(lead)
}

/// Makes several leads one: what belongs to them moves, the others go, the fields are written.
pub(super) async fn merge_leads(tx: &TenantTx, merge: Merge<'_>, actor: Actor, now: Timestamp) -> Result<Lead, MergeError> {
    let mut ids = merge.leads.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if !(2..=MOST_IN_ONE).contains(&ids.len()) {
        return Err(MergeError::NotThese);
    }
    if store::lock_leads(tx, &ids).await? != ids.len() {
        return Err(MergeError::NotFound);
    }
    let all = leads::get_many(tx, &ids).await?;
    let survivor = merge.into.or_else(|| choose::survivor(&all)).filter(|id| ids.contains(id)).ok_or(MergeError::NotThese)?;
    let others: Vec<LeadId> = ids.iter().copied().filter(|id| *id != survivor).collect();
    let patch = choose::patch(&all, merge.choices, is_silent(tx, &all).await?);
    let by: Option<UserId> = match actor {
        Actor::User(user) => Some(user),
        Actor::System | Actor::Provider => None,
    };
    // Before they go: whoever sees some records only could not write it down afterwards.
    store::pairs::decide_within(tx, &ids, "merged", by, now).await?;
    for other in &others {
        if !store::move_lead(tx, *other, survivor, now).await? {
            return Err(MergeError::InFlight);
        }
        activities::move_lead(tx, *other, survivor).await?;
        segments::move_lead(tx, *other, survivor, now).await?;
    }
    Ok(leads::merge_leads(tx, survivor, &others, &patch, actor, now).await?)
}

/// Whether one of their addresses is never to be written to.
pub(crate) async fn is_silent(tx: &TenantTx, leads: &[Lead]) -> Result<bool, DbError> {
    let addresses: Vec<&str> = leads.iter().filter_map(|lead| lead.email.as_deref()).collect();
    store::asked_for_silence(tx, &addresses).await
}

/// Opens a change set, merges one cluster in it, and closes it: the whole of what a person or program does at once.
pub(crate) async fn merge_one(
    tx: &TenantTx,
    id: ClusterId,
    merge: Merge<'_>,
    actor: Actor,
    now: Timestamp,
) -> Result<(Lead, ChangeSetId), MergeError> {
    let set = changes::begin(tx, changes::Kind::Merge, "Leads merged", actor, now).await?;
    let lead = merge_cluster(tx, id, merge, actor, now).await?;
    changes::finish(tx, set).await?;
    super::change_settings::learn(tx, now).await?;
    Ok((lead, set))
}
