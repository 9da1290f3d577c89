use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, CampaignId};
use serde_json::json;

use super::{CampaignError, locked, tell};
use crate::{
    model::{Campaign, CampaignStatus},
    store,
};

/// Stops claiming at once. What is being handed over at this moment is finished; what is planned waits.
/// Pausing twice changes nothing.
pub async fn pause(tx: &TenantTx, by: Actor, id: CampaignId, now: Timestamp) -> Result<Campaign, CampaignError> {
    pause_because(tx, by, id, "", now).await
}

/// The same by Leadline itself, saying why.
pub(crate) async fn pause_because(tx: &TenantTx, by: Actor, id: CampaignId, why: &str, now: Timestamp) -> Result<Campaign, CampaignError> {
    let campaign = locked(tx, id).await?;
    match campaign.status {
        CampaignStatus::Paused => return Ok(campaign),
        CampaignStatus::Running => {}
        CampaignStatus::Draft | CampaignStatus::Finished => {
            return Err(CampaignError::State(format!("“{}” is not running, so there is nothing to pause.", campaign.name)));
        }
    }
    let campaign = store::campaigns::set_status(tx, id, CampaignStatus::Paused, why, now).await?;
    tell(tx, "campaign.paused", id, by, now, json!({ "reason": why })).await?;
    Ok(campaign)
}
