use jiff::{SignedDuration, Timestamp};
use kernel::{ChangeSetId, ImportId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    analysis::{Analysis, Place},
    merge::Verdict,
    plan::Plan,
    trial::Trial,
};

/// How far an import has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ImportStatus {
    /// Uploaded and read; waits for somebody to say that the columns are right.
    Mapping,
    Running,
    Finished,
    /// By somebody; may run on.
    Stopped,
    Failed,
}

impl ImportStatus {
    const ALL: [Self; 5] = [Self::Mapping, Self::Running, Self::Finished, Self::Stopped, Self::Failed];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mapping => "mapping",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for ImportStatus {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|status| status.as_str() == text).ok_or(())
    }
}

/// What became of the rows so far. They add up to the rows done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Counts {
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

impl Counts {
    /// Counts what became of a row.
    pub(crate) fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Created => self.created += 1,
            Verdict::Updated => self.updated += 1,
            Verdict::Unchanged => self.unchanged += 1,
            Verdict::Rejected(_) | Verdict::Conflict(_) => self.rejected += 1,
        }
    }

    /// All rows counted.
    pub(crate) const fn rows(self) -> u64 {
        self.created + self.updated + self.unchanged + self.rejected
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.created += more.created;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.rejected += more.rejected;
    }
}

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Rows done.
    pub rows: u64,
    pub total_rows: u64,
    pub counts: Counts,
}

/// How an import ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub import_id: ImportId,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub rejected: u64,
}

/// A file brought in, or about to be.
#[derive(Debug, Clone)]
pub struct Import {
    pub id: ImportId,
    pub file_name: String,
    pub file_bytes: u64,
    pub status: ImportStatus,
    pub total_rows: u64,
    pub rows_done: u64,
    pub counts: Counts,
    pub analysis: Analysis,
    pub plan: Plan,
    pub(crate) next: Place,
    pub(crate) worked_ms: u64,
    /// Why it failed, for people.
    pub failure: String,
    /// Who started it, as the event log names them.
    pub actor: String,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// What holds its changes, to undo them: one per start, the newest last.
    pub change_sets: Vec<ChangeSetId>,
    /// What it would do, as far as that has been tried.
    pub(crate) trial: Option<Trial>,
    /// Which plan the trial is of.
    pub(crate) trial_no: i32,
}

impl Import {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        Progress { rows: self.rows_done, total_rows: self.total_rows, counts: self.counts }
    }

    /// What became of its rows.
    pub fn summary(&self) -> Summary {
        let Counts { created, updated, unchanged, rejected } = self.counts;
        Summary { import_id: self.id, created, updated, unchanged, rejected }
    }

    /// Rows per second of work, once there is something to say.
    pub fn rows_per_second(&self) -> Option<u64> {
        self.rows_done.saturating_mul(1000).checked_div(self.worked_ms).filter(|rate| *rate > 0)
    }

    /// How long the rest takes at the rate so far.
    pub fn time_left(&self) -> Option<SignedDuration> {
        let rate = self.rows_per_second()?;
        let seconds = self.total_rows.saturating_sub(self.rows_done).div_ceil(rate);
        i64::try_from(seconds).ok().map(SignedDuration::from_secs)
    }

    /// The rows there are under this plan: the first is one of them when it holds no names.
    pub(crate) fn rows_under(analysis: &Analysis, plan: &Plan) -> u64 {
        analysis.rows + u64::from(!plan.has_header)
    }

    /// Where the rows begin under the import's plan.
    pub(crate) fn beginning(&self) -> Place {
        self.plan.beginning(&self.analysis)
    }
}
