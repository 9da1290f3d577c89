use db::TenantTx;
use http_kit::App;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, CampaignId};
use serde_json::json;

use super::{CampaignError, audience::population, locked, preflight, tell};
use crate::{
    jobs::Pump,
    model::{Campaign, CampaignStatus},
    store,
};

/// Freezes the audience and begins. Refused while a check of the preflight fails; launching twice
/// changes nothing.
pub async fn launch(tx: &TenantTx, app: &App, by: Actor, id: CampaignId, now: Timestamp) -> Result<Campaign, CampaignError> {
    let campaign = locked(tx, id).await?;
    match campaign.status {
        CampaignStatus::Draft => {}
        CampaignStatus::Running => return Ok(campaign),
        CampaignStatus::Paused => {
            return Err(CampaignError::State(format!("“{}” was launched before and is paused. Resume it instead.", campaign.name)));
        }
        CampaignStatus::Finished => {
            return Err(CampaignError::State(format!("“{}” has finished. Make a new campaign to write again.", campaign.name)));
        }
    }
    let found = preflight(tx, app, id, now).await?;
    if !found.ready {
        return Err(CampaignError::NotReady(Box::new(found)));
    }
    let steps = store::steps::list(tx, id).await?;
    let delay = steps.first().map_or(0, |step| i64::from(step.delay_minutes));
    let leads = store::enrollments::enroll(tx, id, &population(tx, &campaign).await?, SignedDuration::from_mins(delay), now).await?;
    let campaign = store::campaigns::set_status(tx, id, CampaignStatus::Running, "", now).await?;
    tell(tx, "campaign.launched", id, by, now, json!({ "name": campaign.name, "leads": leads, "steps": steps.len() })).await?;
    Pump::enqueue(tx, id).await?;
    Ok(campaign)
}
