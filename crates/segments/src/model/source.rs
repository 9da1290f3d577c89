use kernel::{ChangeSetId, LeadId};
use leads::Filter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which leads are put into a fixed segment or taken out of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Source {
    /// These.
    Ids(Vec<LeadId>),
    /// All that match at this moment.
    Matching(Filter),
    /// All that an import, or another change of many leads, has made or changed.
    ChangeSet(ChangeSetId),
}

impl Source {
    /// One word for the log.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Ids(_) => "selected",
            Self::Matching(_) => "matching",
            Self::ChangeSet(_) => "changed_together",
        }
    }
}

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MemberAction {
    Add,
    Remove,
}
