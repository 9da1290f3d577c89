use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, CampaignId};
use serde_json::json;

use super::{CampaignError, draft, tell};
use crate::{
    model::{Step, StepInput, checked_steps},
    store,
    templates::variables,
};

/// Replaces a draft's sequence by `steps`, in their order. A step that names its id stays the same step.
pub async fn set_steps(
    tx: &TenantTx,
    by: Actor,
    id: CampaignId,
    steps: Vec<StepInput>,
    now: Timestamp,
) -> Result<Vec<Step>, CampaignError> {
    draft(tx, id).await?;
    let steps = write_steps(tx, id, steps).await?;
    store::campaigns::touch(tx, id, now).await?;
    tell(tx, "campaign.updated", id, by, now, json!({ "fields": ["steps"], "steps": steps.len() })).await?;
    Ok(steps)
}

pub(super) async fn write_steps(tx: &TenantTx, id: CampaignId, steps: Vec<StepInput>) -> Result<Vec<Step>, CampaignError> {
    let known = variables::known_names(&variables::custom_fields(tx).await?);
    let steps = checked_steps(steps, &known).map_err(CampaignError::Invalid)?;
    Ok(store::steps::replace(tx, id, &steps).await?)
}
