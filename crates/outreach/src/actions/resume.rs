use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, CampaignId};
use serde_json::json;

use super::{CampaignError, locked, tell};
use crate::{
    jobs::Pump,
    model::{Campaign, CampaignStatus},
    store,
};

/// Goes on where it was paused. The ledger knows what was sent, so nothing is sent again.
pub async fn resume(tx: &TenantTx, by: Actor, id: CampaignId, now: Timestamp) -> Result<Campaign, CampaignError> {
    let campaign = locked(tx, id).await?;
    match campaign.status {
        CampaignStatus::Running => return Ok(campaign),
        CampaignStatus::Paused => {}
        CampaignStatus::Draft => {
            return Err(CampaignError::State(format!("“{}” was not launched yet. Launch it instead.", campaign.name)));
        }
        CampaignStatus::Finished => {
            return Err(CampaignError::State(format!("“{}” has finished: every lead has come to an end.", campaign.name)));
        }
    }
    let campaign = store::campaigns::set_status(tx, id, CampaignStatus::Running, "", now).await?;
    tell(tx, "campaign.resumed", id, by, now, json!({})).await?;
    Pump::enqueue(tx, id).await?;
    Ok(campaign)
}
