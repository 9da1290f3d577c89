use std::collections::HashSet;

use db::{DbError, TenantTx};
use http_kit::{FieldError, Problem};
use jiff::Timestamp;
use kernel::{Actor, ChangeSetId, LeadId};
use leads::{Lead, changes};

use super::{
    change_settings::learn,
    choose::Choices,
    cluster::recluster,
    merge::{Merge, MergeError, merge_leads},
};
use crate::{
    model::{Sharing, compare},
    store::{self, pairs::Pair},
};

/// More leads than a person can compare at once are not one person's.
pub(crate) const MOST_BY_HAND: usize = 10;

/// Why leads that somebody has chosen were not merged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ByHandError {
    /// It takes 2 to 10 different leads.
    #[error("a merge by hand takes 2 to {MOST_BY_HAND} leads")]
    HowMany,
    /// The leads at these places of the list are gone, or not the caller's to see: nobody is told which of the two.
    #[error("some of the leads are not there")]
    Gone(Vec<usize>),
    /// Something is to come from a lead that is not among them: pointers to what says so.
    #[error("a value is to come from another lead")]
    Stranger(Vec<String>),
    #[error(transparent)]
    Merge(#[from] MergeError),
}

impl From<DbError> for ByHandError {
    fn from(error: DbError) -> Self {
        Self::Merge(error.into())
    }
}

impl From<ByHandError> for Problem {
    fn from(error: ByHandError) -> Self {
        match error {
            ByHandError::HowMany => how_many("/lead_ids"),
            ByHandError::Gone(places) => {
                let gone = "This lead is gone, or it is not yours to see: leave it out. If it was merged, name the lead that stayed";
                Self::invalid(places.iter().map(|n| FieldError::new(format!("/lead_ids/{n}"), "lead_ids.unknown", gone)).collect())
            }
            ByHandError::Stranger(pointers) => {
                let stranger = "Name one of the leads that are merged";
                Self::invalid(pointers.iter().map(|at| FieldError::new(at, "not_one_of_them", stranger)).collect())
            }
            ByHandError::Merge(error) => error.into(),
        }
    }
}

/// Too few or too many leads were chosen, as `pointer` says.
pub(crate) fn how_many(pointer: &str) -> Problem {
    Problem::field(pointer, "lead_ids.how_many", format!("A merge takes 2 to {MOST_BY_HAND} different leads: choose them one by one"))
}

/// The same ids, each once, in their order.
pub(crate) fn each_once(ids: &[LeadId]) -> Vec<LeadId> {
    let mut seen = HashSet::new();
    ids.iter().copied().filter(|id| seen.insert(*id)).collect()
}

/// Makes leads one that a person has chosen, whatever the comparison says about them, in a change set of its own.
pub(crate) async fn merge_by_hand(
    tx: &TenantTx,
    merge: Merge<'_>,
    actor: Actor,
    now: Timestamp,
) -> Result<(Lead, ChangeSetId), ByHandError> {
    let ids = each_once(merge.leads);
    if !(2..=MOST_BY_HAND).contains(&ids.len()) {
        return Err(ByHandError::HowMany);
    }
    let strangers = strangers(&ids, merge.into, merge.choices);
    if !strangers.is_empty() {
        return Err(ByHandError::Stranger(strangers));
    }
    let set = changes::begin(tx, changes::Kind::Merge, "Leads merged", actor, now).await?;
    store::lock(tx).await?;
    let there: HashSet<LeadId> = leads::get_many(tx, &ids).await?.iter().map(|lead| lead.id).collect();
    let gone: Vec<usize> = merge.leads.iter().enumerate().filter(|(_, id)| !there.contains(id)).map(|(n, _)| n).collect();
    if !gone.is_empty() {
        return Err(ByHandError::Gone(gone));
    }
    let lead = merge_leads(tx, Merge { leads: &ids, ..merge }, actor, now).await?;
    let settings = store::settings::get(tx).await?;
    recluster(tx, &ids.into_iter().collect(), &settings, now).await?;
    changes::finish(tx, set).await?;
    learn(tx, now).await?;
    Ok((lead, set))
}

fn strangers(ids: &[LeadId], into: Option<LeadId>, choices: &Choices) -> Vec<String> {
    let is_stranger = |id: &LeadId| !ids.contains(id);
    let into = into.filter(is_stranger).map(|_| "/into".to_owned());
    let fields = choices.fields.iter().filter(|(_, id)| is_stranger(id)).map(|(field, _)| format!("/fields/{}", field.as_str()));
    let custom = choices.custom.iter().filter(|(_, id)| is_stranger(id));
    let custom = custom.map(|(key, _)| format!("/custom/{}", key.replace('~', "~0").replace('/', "~1")));
    into.into_iter().chain(fields).chain(custom).collect()
}

/// Every pair of these leads, compared as they are now, with what was decided about it: the surest first.
pub(crate) async fn between(tx: &TenantTx, ids: &[LeadId]) -> Result<Vec<Pair>, DbError> {
    let mut pairs = store::pairs::within(tx, ids).await?;
    let people = store::people(tx, ids).await?;
    for (n, a) in ids.iter().enumerate() {
        for b in ids.iter().skip(n + 1) {
            let (low, high) = (*a.min(b), *a.max(b));
            let known = pairs.iter().any(|pair| (pair.low, pair.high) == (low, high));
            let Some((one, other)) = people.get(a).zip(people.get(b)).filter(|_| !known) else { continue };
            let comparison = compare(one, other, Sharing::default());
            pairs.push(Pair { low, high, bits: comparison.bits, evidence: comparison.evidence, decision: String::new() });
        }
    }
    pairs.sort_by(|a, b| b.bits.total_cmp(&a.bits).then_with(|| (a.low, a.high).cmp(&(b.low, b.high))));
    Ok(pairs)
}
