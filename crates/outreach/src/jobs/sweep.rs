use db::Scope;
use http_kit::App;
use jiff::SignedDuration;
use jobs::{Failure, Job, Outcome, Run};
use kernel::{CampaignId, Uuid};
use serde::{Deserialize, Serialize};

use super::Pump;
use crate::store;

/// Sees to it that every running campaign has a pump, whatever became of the last one, and forgets old
/// webhook deliveries.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Sweep {}

const PAGE: i64 = 1000;

impl Job for Sweep {
    const KIND: &'static str = "outreach.sweep";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let db = &cx.state.db;
        let at = cx.now().checked_add(SignedDuration::from_mins(1)).unwrap_or_else(|_| cx.now());
        let mut from = CampaignId::from(Uuid::nil());
        loop {
            let page = store::campaigns::running(db, from, PAGE).await?;
            for (org, campaign) in &page {
                let tx = db.tenant(&Scope::whole(*org)).await?;
                Pump::enqueue_at(&tx, *campaign, at).await?;
                tx.commit().await?;
            }
            match page.last() {
                Some((_, last)) if page.len() as i64 == PAGE => from = *last,
                _ => break,
            }
        }
        let tx = db.system().await?;
        store::tracking::forget_deliveries(&tx).await?;
        tx.commit().await?;
        Ok(Outcome::Done)
    }
}
