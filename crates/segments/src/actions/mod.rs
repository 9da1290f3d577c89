//! One file per use case; pages, API and jobs call the same ones.

pub(crate) mod change_members;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod duplicate;
pub(crate) mod measure_overlap;
pub(crate) mod update;

use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem, ProblemKind};
use jiff::Timestamp;
use jobs::Options;
use kernel::{Actor, SegmentId, UserId};
use leads::Filter;
use serde_json::Value;

use crate::{
    jobs::Measure,
    store::{self, segments::Content, uses::Use},
};

/// Why a segment was not changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SegmentError {
    #[error("some fields need correction")]
    Invalid(FieldError),
    /// The filter asks what cannot be asked; it says where.
    #[error("the filter needs correction")]
    Filter(Problem),
    #[error("there is no such segment")]
    NotFound,
    #[error("changed meanwhile")]
    Changed,
    /// These are built on it.
    #[error("the segment is used")]
    Used(Vec<Use>),
    /// Its kind does not allow this.
    #[error("{0}")]
    Kind(&'static str),
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for SegmentError {
    fn from(error: DbError) -> Self {
        match error.constraint() {
            Some("segments_name_key") => {
                Self::Invalid(FieldError::new("/name", "name.taken", "Another segment has this name: choose a different one"))
            }
            Some("segments_owner_fkey") => {
                Self::Invalid(FieldError::new("/owner_id", "owner_id.unknown", "The owner is not a member of your organisation"))
            }
            Some("segment_uses_segment_fkey") => {
                Self::Kind("A segment that this one is made of, or that is made of it, has just changed: look again.")
            }
            _ => Self::Db(error),
        }
    }
}

impl From<SegmentError> for Problem {
    fn from(error: SegmentError) -> Self {
        match error {
            SegmentError::Invalid(error) => Self::invalid(vec![error]),
            SegmentError::Filter(problem) => problem,
            SegmentError::NotFound => Self::not_found(),
            SegmentError::Changed => Self::new(
                ProblemKind::PreconditionFailed,
                "Somebody changed this segment since you opened it. Nothing was saved; load it again, look at what is new, and save then.",
            ),
            SegmentError::Used(uses) => Self::conflict(used(&uses)),
            SegmentError::Kind(why) => Self::conflict(why),
            SegmentError::Db(error) => error.into(),
        }
    }
}

/// Where it is used, as far as a sentence can say.
fn used(uses: &[Use]) -> String {
    let names: Vec<String> = uses.iter().take(3).map(|user| format!("“{}”", user.name)).collect();
    let more = if uses.len() > 3 { " and others" } else { "" };
    format!(
        "This segment is used by {}{more}. Let them use another one first, or archive this one: it leaves the choices and goes on where it is used.",
        names.join(", ")
    )
}

async fn tell(tx: &TenantTx, kind: &'static str, id: SegmentId, by: Actor, at: Timestamp, payload: Value) -> Result<(), DbError> {
    append(tx, &[NewEvent { kind, subject: Subject::of(id), actor: by, at, payload }]).await
}

/// Has the size taken in the background.
pub(crate) async fn measure(tx: &TenantTx, id: SegmentId) -> Result<(), DbError> {
    jobs::enqueue(tx, &Measure { segment: id }, Options::unique(id.to_string())).await?;
    Ok(())
}

/// The filter, held against the custom fields and the segments: one that asks for what is not there would mean whom nobody meant.
/// `itself` is the segment whose filter it is to be.
async fn checked(app: &App, tx: &TenantTx, filter: &Filter, itself: Option<SegmentId>) -> Result<Filter, SegmentError> {
    leads::filter::read_as(app, tx.scope(), &filter.to_json(), itself).await.map_err(SegmentError::Filter)
}

/// Writes down which segments this one is made of, for where those are used.
async fn tell_uses(tx: &TenantTx, id: SegmentId, content: &Content) -> Result<(), DbError> {
    let of = content.filter.as_ref().map(Filter::segments).unwrap_or_default();
    store::uses::use_segments(tx, &of, id, &content.name, &format!("/segments/{id}")).await
}

/// The person who acts, if it is one.
const fn user_of(actor: Actor) -> Option<UserId> {
    match actor {
        Actor::User(id) => Some(id),
        Actor::System | Actor::Provider => None,
    }
}
