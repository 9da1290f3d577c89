//! One file per use case; called by pages, API and jobs alike. Each works in the caller's
//! transaction, so that it is one with the caller's idempotency key.

pub(crate) mod audience;
mod create_campaign;
mod delete_campaign;
mod enroll_leads;
mod guard_reputation;
mod launch;
mod mark_replied;
mod pause;
mod preflight;
mod preview;
mod resolve_unknown;
mod resubscribe;
mod resume;
mod set_steps;
mod stop_writing;
mod suppress;
mod unsubscribe;
mod update_campaign;

use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{FieldError, Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Actor, CampaignId};
use serde_json::Value;

use crate::{
    model::{Campaign, CampaignStatus, Preflight},
    store,
};

pub use create_campaign::create_campaign;
pub use delete_campaign::delete_campaign;
pub(crate) use enroll_leads::enroll_leads;
pub(crate) use guard_reputation::guard_reputation;
pub use launch::launch;
pub use mark_replied::mark_replied;
pub use pause::pause;
pub(crate) use pause::pause_because;
pub use preflight::preflight;
pub use preview::preview;
pub use resolve_unknown::resolve_unknown;
pub(crate) use resubscribe::resubscribe;
pub use resume::resume;
pub use set_steps::set_steps;
pub(crate) use stop_writing::{StopWriting, stop_writing};
pub use suppress::{suppress, unsuppress};
pub(crate) use unsubscribe::unsubscribe;
pub use update_campaign::update_campaign;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum CampaignError {
    #[error("fields need correction")]
    Invalid(Vec<FieldError>),
    #[error("there is no such campaign, step, lead or send")]
    NotFound,
    /// Its state does not allow this; the text says why and what to do.
    #[error("{0}")]
    State(String),
    #[error("the campaign was changed meanwhile")]
    Changed,
    /// The preflight found something that must be mended.
    #[error("the campaign is not ready")]
    NotReady(Box<Preflight>),
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<CampaignError> for Problem {
    fn from(error: CampaignError) -> Self {
        match error {
            CampaignError::Invalid(errors) => Self::invalid(errors),
            CampaignError::NotFound => Self::not_found(),
            CampaignError::State(why) => Self::conflict(why),
            CampaignError::Changed => Self::new(
                ProblemKind::PreconditionFailed,
                "Somebody changed the campaign since you opened it. Load it again and repeat your change.",
            ),
            CampaignError::NotReady(found) => Self::invalid(
                found
                    .failures()
                    .map(|check| {
                        FieldError::new(
                            format!("/{}", check.code),
                            format!("preflight.{}", check.code),
                            format!("{}: {}", check.title, check.detail),
                        )
                    })
                    .collect(),
            ),
            CampaignError::Db(error) => error.into(),
        }
    }
}

/// The campaign, locked against other changes until the transaction ends.
async fn locked(tx: &TenantTx, id: CampaignId) -> Result<Campaign, CampaignError> {
    store::campaigns::lock(tx, id).await?.ok_or(CampaignError::NotFound)
}

/// The campaign, if it may still be written.
async fn draft(tx: &TenantTx, id: CampaignId) -> Result<Campaign, CampaignError> {
    let campaign = locked(tx, id).await?;
    match campaign.status {
        CampaignStatus::Draft => Ok(campaign),
        CampaignStatus::Running | CampaignStatus::Paused | CampaignStatus::Finished => Err(CampaignError::State(format!(
            "“{}” was launched already, and what its leads get is fixed. Make a new campaign for other leads or other words.",
            campaign.name
        ))),
    }
}

/// Every lead of the campaign has come to an end.
pub(crate) async fn tell_finished(tx: &TenantTx, id: CampaignId, at: Timestamp) -> Result<(), DbError> {
    tell(tx, "campaign.finished", id, Actor::System, at, Value::Object(serde_json::Map::new())).await
}

/// Something that happened to a campaign.
async fn tell(tx: &TenantTx, kind: &'static str, id: CampaignId, actor: Actor, at: Timestamp, payload: Value) -> Result<(), DbError> {
    append(tx, &[NewEvent { kind, subject: Subject::of(id), actor, at, payload }]).await
}
