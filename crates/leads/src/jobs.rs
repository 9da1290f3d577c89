//! Background work of this slice.

use http_kit::App;
use jiff::Timestamp;
use jobs::{Failure, Job, Outcome, Registry, Run};
use kernel::{Actor, LeadId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    actions::bulk::{BulkAction, Target, size, tell},
    store,
};

/// Leads changed in one transaction.
const CHUNK: i64 = 2000;

/// Changes many leads, chunk by chunk in the order of their ids. Repeating a chunk changes nothing
/// and tells nothing, so it may be killed anywhere.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BulkChange {
    pub(crate) target: Target,
    pub(crate) action: BulkAction,
    /// Who asked for it.
    pub(crate) actor: Option<UserId>,
    pub(crate) asked_at: Timestamp,
}

/// How far a [`BulkChange`] is; also where it goes on after a crash.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct BulkProgress {
    pub(crate) total: i64,
    pub(crate) seen: i64,
    pub(crate) changed: i64,
    pub(crate) last: Option<LeadId>,
}

impl Job for BulkChange {
    const KIND: &'static str = "leads.bulk_change";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let (app, scope) = (&cx.state, cx.scope()?);
        let actor = self.actor.map_or(Actor::System, Actor::User);
        let mut progress = earlier(&cx).await?;
        if progress.total == 0 {
            progress.total = size(app, &scope, &self.target, self.asked_at).await?;
            report(&cx, &progress).await?;
        }
        loop {
            if cx.should_stop().await? {
                let tx = app.db.tenant(&scope).await?;
                let counts = json!({ "changed": progress.changed, "stopped": true });
                tell(&tx, "leads.bulk_changed", &self.target, &self.action, counts, actor, cx.now()).await?;
                tx.commit().await?;
                return Ok(Outcome::Stopped);
            }
            let tx = app.db.tenant(&scope).await?;
            let chunk = store::bulk::apply(&tx, &self.target, &self.action, progress.last, CHUNK, self.asked_at, actor, cx.now()).await?;
            if chunk.seen < CHUNK {
                let counts = json!({ "changed": progress.changed + chunk.changed });
                tell(&tx, "leads.bulk_changed", &self.target, &self.action, counts, actor, cx.now()).await?;
            }
            tx.commit().await?;
            app.feed.nudge();
            progress.seen += chunk.seen;
            progress.changed += chunk.changed;
            progress.last = chunk.last.or(progress.last);
            report(&cx, &progress).await?;
            if chunk.seen < CHUNK {
                return Ok(Outcome::Done);
            }
        }
    }
}

/// Where an earlier run of the same job was.
async fn earlier(cx: &Run<App>) -> Result<BulkProgress, Failure> {
    let tx = cx.state.db.tenant(&cx.scope()?).await?;
    let status = jobs::status(&tx, cx.id()).await?;
    tx.commit().await?;
    Ok(status.and_then(|status| status.progress).and_then(|progress| serde_json::from_value(progress).ok()).unwrap_or_default())
}

async fn report(cx: &Run<App>, progress: &BulkProgress) -> Result<(), Failure> {
    cx.progress(&serde_json::to_value(progress).unwrap_or_default()).await
}

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry.job::<BulkChange>()
}
