use db::Scope;
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    actions::rescore::{Cause, rescore},
    store,
};

/// Leads scored in one transaction.
const BATCH: i64 = 1_000;

/// Scores all leads of the organisation by the model in force.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RescoreLeads {}

/// How far a rescoring is; also where it goes on after a crash.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub done: i64,
    pub total: i64,
    pub changed: i64,
    /// The version of the model that scored up to here.
    pub version: i32,
    /// The last lead that was scored.
    pub after: Uuid,
}

impl Job for RescoreLeads {
    const KIND: &'static str = "intelligence.rescore";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        // Every lead is scored, whoever has changed the model.
        let (db, scope) = (&cx.state.db, Scope::whole(cx.org()?));
        let tx = db.tenant(&scope).await?;
        let version = store::model(&tx).await?.version;
        let stored = jobs::status(&tx, cx.id()).await?.and_then(|job| job.progress);
        let mut progress = match stored.and_then(|json| serde_json::from_value::<Progress>(json).ok()) {
            // The same model: go on where the last run was. Scoring a lead twice changes nothing.
            Some(progress) if progress.version == version => progress,
            Some(_) | None => Progress { total: store::count_leads(&tx).await?, version, ..Progress::default() },
        };
        tx.commit().await?;
        loop {
            cx.progress(&json!(progress)).await?;
            if cx.should_stop().await? {
                return Ok(Outcome::Stopped);
            }
            let tx = db.tenant(&scope).await?;
            store::lock_scoring(&tx).await?;
            let model = store::model(&tx).await?;
            if model.version != version {
                // The save that changed it has enqueued the next rescoring.
                return Ok(Outcome::Done);
            }
            let leads = store::leads_after(&tx, progress.after, BATCH).await?;
            let Some(last) = leads.last() else { break };
            let changed = rescore(&tx, &model.weights, &leads, Cause::Model, cx.now()).await?;
            progress.after = last.id.uuid();
            tx.commit().await?;
            cx.state.feed.nudge();
            progress.done += i64::try_from(leads.len()).unwrap_or_default();
            progress.changed += i64::try_from(changed).unwrap_or_default();
            // Leads that arrived meanwhile are scored, too.
            progress.total = progress.total.max(progress.done);
        }
        progress.total = progress.done;
        cx.progress(&json!(progress)).await?;
        Ok(Outcome::Done)
    }
}
