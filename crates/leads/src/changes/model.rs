//! A change set as it is known, and when it can be undone. Pure.

use jiff::Timestamp;
use kernel::{ChangeSetId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// What kind of work changed the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
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

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Import => "Import",
            Self::Bulk => "Bulk change",
            Self::Delete => "Deletion",
            Self::Merge => "Merge",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        [Self::Import, Self::Bulk, Self::Delete, Self::Merge].into_iter().find(|kind| kind.as_str() == text)
    }
}

/// How far a change set's life has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// The work still goes on.
    Open,
    /// The work is done (or was stopped): it can be undone.
    Done,
    /// It is being undone.
    Undoing,
    /// Undoing was stopped, or failed, in the middle: it can go on.
    Stopped,
    /// Everything is as it was before.
    Undone,
    /// Everything but the rows that were changed later.
    PartlyUndone,
}

impl State {
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "open" => Self::Open,
            "done" => Self::Done,
            "undoing" => Self::Undoing,
            "stopped" => Self::Stopped,
            "undone" => Self::Undone,
            "partly_undone" => Self::PartlyUndone,
            _ => return None,
        })
    }
}

/// How many rows of a table were inserted, updated or deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Count {
    /// `leads`, `accounts`, and what goes with a lead.
    pub table: String,
    /// `insert`, `update` or `delete`.
    pub op: String,
    pub rows: i64,
}

impl Count {
    /// "1,204 leads created".
    pub fn sentence(&self) -> String {
        let verb = match self.op.as_str() {
            "insert" => "created",
            "update" => "changed",
            _ => "deleted",
        };
        format!("{} {verb}", ui::plural(self.rows, table_word(&self.table, true), table_word(&self.table, false)))
    }
}

/// What a row of a captured table is called.
pub(super) fn table_word(table: &str, one: bool) -> &str {
    match (table, one) {
        ("leads", true) => "lead",
        ("accounts", true) => "account",
        ("enrollments", true) => "enrolment",
        ("enrollments", false) => "enrolments",
        ("sends", true) => "mail",
        ("sends", false) => "mails",
        ("notes", true) => "note",
        ("tasks", true) => "task",
        ("segment_members", true) => "place in a segment",
        ("segment_members", false) => "places in segments",
        (other, _) => other,
    }
}

/// What an import, a merge, a bulk edit or a deletion has changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangeSet {
    pub id: ChangeSetId,
    pub kind: Kind,
    pub title: String,
    /// `null`: Leadline itself.
    pub made_by: Option<UserId>,
    #[schema(value_type = String, format = DateTime)]
    pub made_at: Timestamp,
    /// Until then it can be undone.
    #[schema(value_type = String, format = DateTime)]
    pub undoable_until: Timestamp,
    pub state: State,
    pub undone_by: Option<UserId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub undone_at: Option<Timestamp>,
    pub counts: Vec<Count>,
    /// Changes that undoing has looked at so far.
    pub undo_seen: i64,
    /// Rows that it has put back.
    pub undo_done: i64,
    /// Rows that it left as they are.
    pub undo_conflicts: i64,
    #[serde(skip)]
    pub(crate) job_id: Option<i64>,
    /// Somebody has asked the undoing to stop.
    #[serde(skip)]
    pub(crate) is_stopping: bool,
}

impl ChangeSet {
    /// How many changes it holds.
    pub fn rows(&self) -> i64 {
        self.counts.iter().map(|count| count.rows).sum()
    }

    /// Whether it can be undone now (or undoing can go on).
    pub fn is_undoable(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Done | State::Stopped) && now < self.undoable_until
    }
}
