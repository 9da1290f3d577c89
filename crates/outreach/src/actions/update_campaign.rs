use std::collections::BTreeSet;

use db::TenantTx;
use events::changes;
use jiff::Timestamp;
use kernel::{Actor, CampaignId};
use serde_json::{Value, json};

use super::{CampaignError, audience, draft, tell};
use crate::{
    model::{Campaign, CampaignChange},
    store,
};

/// Changes a draft. With `expected`, only if that is still its version.
pub async fn update_campaign(
    tx: &TenantTx,
    by: Actor,
    id: CampaignId,
    change: CampaignChange,
    expected: Option<i32>,
    now: Timestamp,
) -> Result<Campaign, CampaignError> {
    let before = draft(tx, id).await?;
    if expected.is_some_and(|expected| expected != before.version) {
        return Err(CampaignError::Changed);
    }
    let settings = change.onto(before.settings()).checked().map_err(CampaignError::Invalid)?;
    if settings == before.settings() {
        return Ok(before);
    }
    if settings.audience != before.audience {
        audience::check_filter(tx, settings.audience.as_ref()).await?;
    }
    if settings.segment_id != before.segment_id {
        audience::check_segment(tx, settings.segment_id).await?;
    }
    let campaign = store::campaigns::update(tx, id, &settings, now).await?;
    audience::tell_segments(tx, &campaign).await?;
    let mut payload = changes(&json!(before.settings()), &json!(settings));
    let fields: BTreeSet<String> = payload.keys().filter_map(|name| name.split('.').next()).map(str::to_owned).collect();
    // The audience may name people.
    payload.retain(|name, _| !name.starts_with("audience"));
    payload.insert("fields".to_owned(), json!(fields));
    tell(tx, "campaign.updated", id, by, now, Value::Object(payload)).await?;
    Ok(campaign)
}
