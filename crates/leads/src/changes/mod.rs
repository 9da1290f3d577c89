//! Change sets: what an import, a merge, a bulk edit or a deletion has changed, row by row, and how it is undone.
//!
//! Owns `change_sets`, `changes`, `change_counts` and `change_conflicts`. A transaction that has named a change set by
//! [`begin`] or [`capture`] has everything that it does to a captured table (`leadline_captured` in migration 18) written
//! down by triggers, in the same statement: whoever changes leads cannot forget it. Undoing (migration 26) works backwards;
//! a row that somebody has changed since stays wholly as it is and is listed.

pub(crate) mod api;
mod job;
mod model;
pub(crate) mod pages;
mod store;
mod undo;

use db::{DbError, TenantTx};
use jiff::{SignedDuration, Timestamp};
use jobs::JobId;
use kernel::{Actor, ChangeSetId, UserId};

pub(crate) use job::{SweepChanges, UndoChanges};
pub use model::{ChangeSet, Count, Kind, State};
pub use store::{counts, get};
pub use undo::{Undoing, undo};

/// How long a change set can be undone.
const UNDOABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Opens a change set, and writes down in it what the rest of this transaction does. `title` is for people
/// and names no person.
pub async fn begin(tx: &TenantTx, kind: Kind, title: &str, actor: Actor, now: Timestamp) -> Result<ChangeSetId, DbError> {
    let id = ChangeSetId::new();
    let made_by: Option<UserId> = match actor {
        Actor::User(user) => Some(user),
        Actor::System | Actor::Provider => None,
    };
    let until = now.checked_add(UNDOABLE).unwrap_or(now);
    store::insert(tx, id, kind, title, made_by, now, until).await?;
    store::name(tx, Some(id)).await?;
    Ok(id)
}

/// Writes down what the rest of this transaction does in a change set that an earlier one has opened.
pub async fn capture(tx: &TenantTx, id: ChangeSetId) -> Result<(), DbError> {
    store::written(tx, id).await?;
    store::name(tx, Some(id)).await
}

/// The same for a transaction that goes on beside another one with this change set, and must not wait for it. At most one
/// at a time.
pub async fn capture_beside(tx: &TenantTx, id: ChangeSetId) -> Result<(), DbError> {
    store::count_apart(tx).await?;
    store::name(tx, Some(id)).await
}

/// The job that writes to it: if that ends without [`finish`] (killed too often, stopped while it waited),
/// the change set can be undone all the same.
pub async fn written_by(tx: &TenantTx, id: ChangeSetId, job: JobId) -> Result<(), DbError> {
    store::set_job(tx, id, job).await
}

/// The work is done (or was stopped): from now on the change set can be undone, and the rest of this transaction
/// is not written down any more.
pub async fn finish(tx: &TenantTx, id: ChangeSetId) -> Result<(), DbError> {
    store::name(tx, None).await?;
    store::close(tx, id).await
}

/// The same; a change set that holds no change is forgotten. Returns whether it is kept.
pub async fn finish_or_forget(tx: &TenantTx, id: ChangeSetId) -> Result<bool, DbError> {
    finish(tx, id).await?;
    Ok(!store::forget_empty(tx, id).await?)
}

/// What an Undo button posts to (`Flash::undo`); a small set is undone at once, and `back` is shown again.
pub fn undo_path(id: ChangeSetId, back: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish();
    format!("/changes/{id}/undo?{query}")
}
