//! Change sets: what an import, a merge, a bulk edit or a deletion has changed, row by row.
//!
//! Owns `change_sets` and `changes`. A transaction that has named a change set by [`begin`] or [`capture`] has everything
//! that it does to a captured table (`leadline_captured` in migration 18) written down by triggers, in the
//! same statement: whoever changes leads cannot forget it.

use db::{DbError, TenantTx};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, ChangeSetId, UserId};

/// How long a change set can be undone.
const UNDOABLE: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What kind of work changed the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Import,
    Bulk,
    Delete,
    Merge,
}

impl Kind {
    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Bulk => "bulk",
            Self::Delete => "delete",
            Self::Merge => "merge",
        }
    }
}

/// Opens a change set, and writes down in it what the rest of this transaction does. `title` is for people
/// and names no person.
pub async fn begin(tx: &TenantTx, kind: Kind, title: &str, actor: Actor, now: Timestamp) -> Result<ChangeSetId, DbError> {
    let id = ChangeSetId::new();
    let made_by: Option<UserId> = match actor {
        Actor::User(user) => Some(user),
        Actor::System | Actor::Provider => None,
    };
    let until = now.checked_add(UNDOABLE).unwrap_or(now);
    tx.execute(
        "INSERT INTO change_sets (org_id, id, kind, title, made_by, made_at, undoable_until) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[&tx.org(), &id, &kind.as_str(), &title, &made_by, &now, &until],
    )
    .await?;
    capture(tx, id).await?;
    Ok(id)
}

/// Writes down what the rest of this transaction does in a change set that an earlier one has opened.
pub async fn capture(tx: &TenantTx, id: ChangeSetId) -> Result<(), DbError> {
    tx.execute("SELECT set_config('leadline.change_set', $1, true)", &[&id.uuid().to_string()]).await?;
    Ok(())
}

/// The work is done (or was stopped): from now on the change set can be undone.
pub async fn finish(tx: &TenantTx, id: ChangeSetId) -> Result<(), DbError> {
    tx.execute("UPDATE change_sets SET status = 'done' WHERE org_id = $1 AND id = $2 AND status = 'open'", &[&tx.org(), &id]).await?;
    Ok(())
}
