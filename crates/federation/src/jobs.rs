//! Housekeeping: visits that never came back.

use ::jobs::{Failure, Job, Outcome, Registry, Run};
use http_kit::App;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::store::visits;

/// Forgets visits and codes an hour after they have ended.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SweepVisits {}

impl Job for SweepVisits {
    const KIND: &'static str = "federation.sweep_visits";
    type State = App;
    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let before = cx.now().checked_sub(SignedDuration::from_hours(1)).unwrap_or(cx.now());
        visits::sweep(&cx.state.db, before).await?;
        Ok(Outcome::Done)
    }
}

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry.every(SignedDuration::from_hours(1), &SweepVisits {})
}
