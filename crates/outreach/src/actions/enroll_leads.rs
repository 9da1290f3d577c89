use db::{DbError, TenantTx};
use http_kit::App;
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, CampaignId, LeadId};
use serde_json::json;

use super::{preflight, tell};
use crate::{jobs::Pump, model::CampaignStatus, store};

/// Puts leads into a campaign that was launched, at its first step. Left out are those whom no mail may reach, those whose
/// mails would have a gap, and those who are or were in it already. A campaign that had finished goes on. Returns how many
/// entered; nothing if the campaign was not launched, or is gone.
pub(crate) async fn enroll_leads(
    tx: &TenantTx,
    app: &App,
    id: CampaignId,
    leads: &[LeadId],
    by: Actor,
    now: Timestamp,
) -> Result<Option<u64>, DbError> {
    // Locked, so that it cannot finish meanwhile.
    let Some(campaign) = store::campaigns::lock(tx, id).await? else { return Ok(None) };
    if campaign.status == CampaignStatus::Draft {
        return Ok(None);
    }
    let steps = store::steps::list(tx, id).await?;
    let complete = preflight::complete(tx, app, &campaign, &steps, leads).await?;
    let delay = SignedDuration::from_mins(steps.first().map_or(0, |step| i64::from(step.delay_minutes)));
    let entered = store::enrollments::enroll_these(tx, id, &complete, delay, now).await?;
    if entered > 0 && campaign.status == CampaignStatus::Finished {
        store::campaigns::set_status(tx, id, CampaignStatus::Running, "", now).await?;
        tell(tx, "campaign.resumed", id, by, now, json!({})).await?;
    }
    if entered > 0 && campaign.status != CampaignStatus::Paused {
        Pump::enqueue(tx, id).await?;
    }
    Ok(Some(entered))
}
