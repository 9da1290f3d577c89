use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, CampaignId};
use serde_json::json;

use super::{CampaignError, draft, tell};
use crate::store;

/// Throws a draft away. What was launched stays: it is the record of what was sent.
pub async fn delete_campaign(tx: &TenantTx, by: Actor, id: CampaignId, now: Timestamp) -> Result<(), CampaignError> {
    let campaign = draft(tx, id).await?;
    segments::release(tx, id).await?;
    store::campaigns::delete(tx, id).await?;
    tell(tx, "campaign.deleted", id, by, now, json!({ "name": campaign.name })).await?;
    Ok(())
}
