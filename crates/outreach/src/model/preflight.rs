use serde::Serialize;
use utoipa::ToSchema;

use super::text_enum;

text_enum! {
    /// How a check ended.
    Verdict {
        Pass = "pass", "Fine";
        /// Launching is possible; think about it.
        Warn = "warn", "Look at this";
        /// Launching is refused.
        Fail = "fail", "Must be mended";
    }
}

/// One thing that was looked at before a launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Check {
    /// For programs: `audience`, `variables`, `sender` …
    pub code: &'static str,
    pub verdict: Verdict,
    pub title: String,
    /// What was found and, if it is not fine, how to mend it.
    pub detail: String,
    /// Leads or lines that show it; the first few.
    pub examples: Vec<String>,
}

/// Whether a campaign can be launched, and whom it would reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Preflight {
    /// No check failed.
    pub ready: bool,
    /// Leads that the filter finds.
    pub audience: i64,
    /// Of these, how many would be mailed.
    pub reachable: i64,
    pub without_address: i64,
    pub suppressed: i64,
    pub checks: Vec<Check>,
}

impl Preflight {
    /// The checks that must be mended, as one sentence each.
    pub fn failures(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.verdict == Verdict::Fail)
    }
}
