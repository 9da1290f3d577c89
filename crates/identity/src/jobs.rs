//! Housekeeping: expired sessions and remembered answers; and the letters.

use http_kit::{App, sweep_idempotency_keys};
use jiff::SignedDuration;
use jobs::{Failure, Job, Outcome, Registry, Run};
use serde::{Deserialize, Serialize};

use crate::{
    mailing::{SendLetter, SendNotice, SendTeamLetter},
    mfa, store,
};

/// Forgets sessions that have expired, invitations that nobody has missed, and idempotency keys that are too old to be repeated.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SweepSessions {}

impl Job for SweepSessions {
    const KIND: &'static str = "identity.sweep_sessions";
    type State = App;
    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        store::delete_expired_sessions(&cx.state.db, cx.now()).await?;
        mfa::sweep(&cx.state.db, cx.now()).await?;
        store::invitations::delete_forgotten(&cx.state.db, cx.now()).await?;
        sweep_idempotency_keys(&cx.state.db, cx.now()).await?;
        Ok(Outcome::Done)
    }
}

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry.every(SignedDuration::from_hours(6), &SweepSessions {}).job::<SendLetter>().job::<SendNotice>().job::<SendTeamLetter>()
}
