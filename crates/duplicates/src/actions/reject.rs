use std::collections::HashSet;

use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, ClusterId, LeadId, UserId};
use serde_json::json;

use super::{change_settings::learn, cluster::recluster, merge::MergeError};
use crate::{
    model::{Sharing, compare},
    store::{self, pairs::Pair, rejections::Rejection},
};

/// Says that the leads of a cluster are different people; with `only`, that this one is somebody else than the others.
/// What was rejected never comes back, unless somebody takes the rejection back.
pub(crate) async fn reject(tx: &TenantTx, id: ClusterId, only: Option<LeadId>, actor: Actor, now: Timestamp) -> Result<(), MergeError> {
    store::lock(tx).await?;
    let cluster = store::clusters::get(tx, id).await?.ok_or(MergeError::NotFound)?;
    if only.is_some_and(|lead| !cluster.leads.contains(&lead)) {
        return Err(MergeError::NotThese);
    }
    let rejection = Rejection {
        leads: cluster.leads.clone(),
        only,
        found_at: Some(cluster.found_at),
        merged: store::rejections::merged_within(tx, &cluster.leads).await?,
    };
    for lead in cluster.leads.iter().filter(|lead| only.is_none_or(|only| only == **lead)) {
        reject_pairs(tx, *lead, &cluster.leads, actor, now).await?;
    }
    append(tx, &[NewEvent { kind: "duplicates.rejected", subject: Subject::of(id), actor, at: now, payload: json!(rejection) }]).await?;
    let settings = store::settings::get(tx).await?;
    let touched: HashSet<LeadId> = cluster.leads.into_iter().collect();
    recluster(tx, &touched, &settings, now).await?;
    learn(tx, now).await?;
    Ok(())
}

/// Writes down that `lead` is none of `others`, whether they were compared before or not.
pub(crate) async fn reject_pairs(tx: &TenantTx, lead: LeadId, others: &[LeadId], actor: Actor, now: Timestamp) -> Result<(), DbError> {
    let by: Option<UserId> = match actor {
        Actor::User(user) => Some(user),
        Actor::System | Actor::Provider => None,
    };
    let mut ids = others.to_vec();
    ids.push(lead);
    let people = store::people(tx, &ids).await?;
    let Some(person) = people.get(&lead) else { return Ok(()) };
    let pairs: Vec<Pair> = others
        .iter()
        .filter(|other| **other != lead)
        .filter_map(|other| {
            let comparison = compare(person, people.get(other)?, Sharing::default());
            Some(Pair {
                low: lead.min(*other),
                high: lead.max(*other),
                bits: comparison.bits,
                evidence: comparison.evidence,
                decision: String::new(),
            })
        })
        .collect();
    store::pairs::reject(tx, &pairs, by, now).await
}
