use db::Scope;
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::{LeadId, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    actions::{
        examine::{Against, examine},
        merge_all,
    },
    store,
};

/// Leads compared in one transaction.
const BATCH: i64 = 250;

/// Compares all leads of the organisation.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ScanLeads {}

/// How far a scan is; also where it goes on after a crash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) done: i64,
    pub(crate) total: i64,
    /// Pairs that may be one person.
    pub(crate) pairs: i64,
    after: LeadId,
}

impl Default for Progress {
    fn default() -> Self {
        Self { done: 0, total: 0, pairs: 0, after: Uuid::nil().into() }
    }
}

impl Job for ScanLeads {
    const KIND: &'static str = "duplicates.scan";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        // Every lead is compared, whoever has asked for it.
        let (db, scope) = (&cx.state.db, Scope::whole(cx.org()?));
        let tx = db.tenant(&scope).await?;
        let stored = jobs::status(&tx, cx.id()).await?.and_then(|job| job.progress);
        let mut progress = match stored.and_then(|json| serde_json::from_value::<Progress>(json).ok()) {
            Some(progress) => progress,
            None => Progress { total: store::count_leads(&tx).await?, ..Progress::default() },
        };
        tx.commit().await?;
        loop {
            cx.progress(&json!(progress)).await?;
            if cx.should_stop().await? {
                return Ok(Outcome::Stopped);
            }
            let tx = db.tenant(&scope).await?;
            store::lock(&tx).await?;
            let settings = store::settings::get(&tx).await?;
            let ids = store::leads_after(&tx, progress.after, BATCH).await?;
            let Some(last) = ids.last() else {
                if settings.automatic {
                    merge_all::enqueue_automatic(&tx).await?;
                }
                tx.commit().await?;
                break;
            };
            let pairs = examine(&tx, &ids, Against::Earlier, &settings, cx.now()).await?;
            progress.after = *last;
            tx.commit().await?;
            progress.done += i64::try_from(ids.len()).unwrap_or_default();
            progress.pairs += i64::try_from(pairs).unwrap_or_default();
            // Leads that arrived meanwhile are compared, too.
            progress.total = progress.total.max(progress.done);
        }
        progress.total = progress.done;
        cx.progress(&json!(progress)).await?;
        Ok(Outcome::Done)
    }
}
