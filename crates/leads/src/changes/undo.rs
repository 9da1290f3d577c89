use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{Problem, ProblemKind};
use jiff::Timestamp;
use jobs::{JobId, Options};
use kernel::{Actor, ChangeSetId, UserId};
use serde_json::json;

use super::{ChangeSet, State, UndoChanges, store};

/// Up to so many changes are undone at once; more by a job.
const AT_ONCE: i64 = 1000;

/// How undoing goes.
#[derive(Debug, Clone)]
pub enum Undoing {
    /// Done: the change set as it is now.
    Done(ChangeSet),
    /// A job does it.
    Started(JobId),
}

/// Undoes a change set, or goes on where undoing was stopped: small ones at once, others by a job enqueued in the same
/// transaction. Whoever sees some records only finds their own sets and the records they see.
pub async fn undo(tx: &TenantTx, id: ChangeSetId, actor: Actor, now: Timestamp) -> Result<Undoing, Problem> {
    let set = store::lock(tx, id).await?.ok_or_else(Problem::not_found)?;
    let refuse = |why: &str| Err(Problem::new(ProblemKind::Conflict, why));
    match set.state {
        State::Open => return refuse("This is still going on. Stop it or wait until it has ended, then undo it."),
        State::Undoing => return refuse("This is being undone already."),
        State::Undone | State::PartlyUndone => return refuse("This has been undone already."),
        State::Done | State::Stopped if now >= set.undoable_until => {
            return refuse("This is more than 30 days ago and cannot be undone any more.");
        }
        State::Done | State::Stopped => {}
    }
    let by = user_of(actor);
    if set.rows() - set.undo_seen <= AT_ONCE {
        store::start(tx, id, by, None).await?;
        while store::step(tx, id, actor, now, AT_ONCE).await? > 0 {}
        let set = end(tx, id, false, actor, now).await?;
        return Ok(Undoing::Done(set));
    }
    let job = jobs::enqueue(tx, &UndoChanges { change_set: id, actor: by }, Options::default()).await?;
    let job = job.ok_or_else(|| Problem::internal(&"a job without a unique key was refused"))?;
    store::start(tx, id, by, Some(job)).await?;
    let payload = json!({ "change_set_id": id, "kind": set.kind, "title": set.title, "rows": set.rows() });
    append(tx, &[NewEvent { kind: "changes.undo_started", subject: Subject::of(tx.org()), actor, at: now, payload }]).await?;
    Ok(Undoing::Started(job))
}

/// Ends the undoing, and tells of it.
pub(super) async fn end(tx: &TenantTx, id: ChangeSetId, stopped: bool, actor: Actor, now: Timestamp) -> Result<ChangeSet, DbError> {
    store::end(tx, id, stopped, now).await?;
    let set = store::get(tx, id).await?.ok_or_else(|| DbError::Config("a change set has gone while it was undone".to_owned()))?;
    let payload = json!({
        "change_set_id": id, "kind": set.kind, "title": set.title, "undone": set.undo_done, "conflicts": set.undo_conflicts, "stopped": stopped
    });
    append(tx, &[NewEvent { kind: "changes.undone", subject: Subject::of(tx.org()), actor, at: now, payload }]).await?;
    Ok(set)
}

const fn user_of(actor: Actor) -> Option<UserId> {
    match actor {
        Actor::User(id) => Some(id),
        Actor::System | Actor::Provider => None,
    }
}
