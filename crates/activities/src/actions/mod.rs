//! One file per use case; pages and API call the same ones.

pub(crate) mod add_note;
pub(crate) mod complete_tasks;
pub(crate) mod create_task;
pub(crate) mod delete_note;
pub(crate) mod delete_task;
pub(crate) mod edit_note;
pub(crate) mod update_task;

use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{FieldError, Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Actor, LeadId, UserId};
use serde_json::Value;

/// Why a note or task was not written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ActivityError {
    #[error("some fields need correction")]
    Invalid(FieldError),
    /// It, or its lead, is not there or not ours to see.
    #[error("not found")]
    NotFound,
    #[error("somebody else wrote it")]
    NotYours,
    #[error("changed meanwhile")]
    Changed,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<ActivityError> for Problem {
    fn from(error: ActivityError) -> Self {
        match error {
            ActivityError::Invalid(error) => Self::invalid(vec![error]),
            ActivityError::NotFound => Self::not_found(),
            ActivityError::NotYours => {
                Self::forbidden("Somebody else wrote this note, and only they can change it. Write a note of your own beside it.")
            }
            ActivityError::Changed => Self::new(
                ProblemKind::PreconditionFailed,
                "Somebody changed this since you opened it. Nothing was saved; load it again, look at what is new, and save then.",
            ),
            ActivityError::Db(error) => error.into(),
        }
    }
}

/// Tells of a lead's note or task, so that it stands on the lead's timeline. `payload` holds ids and names of fields.
async fn tell(tx: &TenantTx, kind: &'static str, lead: LeadId, by: Actor, at: Timestamp, payload: Value) -> Result<(), DbError> {
    append(tx, &[NewEvent { kind, subject: Subject::of(lead), actor: by, at, payload }]).await
}

/// The lead must be there for whoever writes about it.
async fn lead(tx: &TenantTx, id: LeadId) -> Result<(), ActivityError> {
    leads::get(tx, id).await?.map(|_| ()).ok_or(ActivityError::NotFound)
}

/// Whoever is to do a task must work here.
async fn member(tx: &TenantTx, person: Option<UserId>) -> Result<(), ActivityError> {
    let Some(person) = person else { return Ok(()) };
    if identity::members(tx).await?.iter().any(|member| member.id == person) {
        return Ok(());
    }
    let why = "This is nobody of your organisation: choose a colleague, or nobody";
    Err(ActivityError::Invalid(FieldError::new("/assignee_id", "assignee_id.unknown", why)))
}

/// The person who acts, if it is one.
const fn user_of(actor: Actor) -> Option<UserId> {
    match actor {
        Actor::User(id) => Some(id),
        Actor::System | Actor::Provider => None,
    }
}
