use db::TenantTx;
use http_kit::App;
use kernel::CampaignId;
use leads::ports::{Answer, Campaigns, Enrolment, Entrants};

use crate::{actions, model::CampaignStatus, store};

/// Puts leads into our campaigns.
#[derive(Debug)]
struct IntoCampaigns;

/// The application's way into campaigns, for its extensions.
pub fn enrolment() -> Campaigns {
    Campaigns::new(IntoCampaigns)
}

impl Enrolment for IntoCampaigns {
    fn takes<'a>(&'a self, tx: &'a TenantTx, id: CampaignId) -> Answer<'a, bool> {
        Box::pin(async move { Ok(store::campaigns::find(tx, id).await?.is_some_and(|campaign| campaign.status != CampaignStatus::Draft)) })
    }

    fn enrol<'a>(&'a self, app: &'a App, tx: &'a TenantTx, who: Entrants<'a>) -> Answer<'a, Option<u64>> {
        let Entrants { campaign, leads, by, now } = who;
        Box::pin(actions::enroll_leads(tx, app, campaign, leads, by, now))
    }
}
