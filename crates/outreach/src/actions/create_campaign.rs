use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, CampaignId};
use serde_json::json;

use super::{CampaignError, audience, set_steps::write_steps, tell};
use crate::{
    model::{Campaign, NewCampaign, Settings},
    store,
};

/// Starts a draft.
pub async fn create_campaign(tx: &TenantTx, by: Actor, new: NewCampaign, now: Timestamp) -> Result<Campaign, CampaignError> {
    let settings = Settings {
        name: new.name,
        audience: new.audience,
        segment_id: new.segment_id,
        sender_name: new.sender_name.unwrap_or_default(),
        sender_address: new.sender_address.unwrap_or_default(),
        reply_to: new.reply_to.unwrap_or_default(),
        max_per_minute: new.max_per_minute,
        max_per_day: new.max_per_day,
    };
    let settings = settings.checked().map_err(CampaignError::Invalid)?;
    audience::check_filter(tx, settings.audience.as_ref()).await?;
    audience::check_segment(tx, settings.segment_id).await?;
    let campaign = store::campaigns::insert(tx, CampaignId::new(), &settings, by, now).await?;
    audience::tell_segments(tx, &campaign).await?;
    if !new.steps.is_empty() {
        write_steps(tx, campaign.id, new.steps).await?;
    }
    tell(tx, "campaign.created", campaign.id, by, now, json!({ "name": settings.name })).await?;
    Ok(campaign)
}
