use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, CampaignId, LeadId};
use serde_json::json;

use super::CampaignError;
use crate::{model::StopReason, store};

/// A person saw the lead's answer: its sequence ends before the next claim. Marking twice changes nothing.
pub async fn mark_replied(tx: &TenantTx, by: Actor, campaign: CampaignId, lead: LeadId, now: Timestamp) -> Result<(), CampaignError> {
    let Some(active) = store::enrollments::is_active(tx, campaign, lead).await? else {
        return Err(CampaignError::NotFound);
    };
    if !active {
        return Ok(());
    }
    store::enrollments::stop(tx, Some(campaign), &[lead], StopReason::Replied, now).await?;
    let status = store::tracking::lead_status(tx, lead).await?;
    // A person may correct anything; this only leads onwards.
    if status.is_some_and(|status| matches!(status.as_str(), "new" | "contacted")) {
        leads::set_status(tx, lead, leads::Status::Replied, by, now).await?;
    }
    let event = NewEvent {
        kind: "mail.replied",
        subject: Subject::of(lead),
        actor: by,
        at: now,
        payload: json!({ "campaign_id": campaign.uuid() }),
    };
    append(tx, &[event]).await?;
    Ok(())
}
