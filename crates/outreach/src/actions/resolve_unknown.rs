use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, SendId};

use super::CampaignError;
use crate::{
    jobs::Pump,
    model::{Resolution, SendState},
    store::{self, outcomes::Accepted},
};

/// A person settles a send whose outcome nobody could tell. Settling it twice changes nothing.
pub async fn resolve_unknown(tx: &TenantTx, by: Actor, send: SendId, verdict: Resolution, now: Timestamp) -> Result<(), CampaignError> {
    let row = store::sends::find(tx, send).await?.ok_or(CampaignError::NotFound)?;
    let campaign = store::outcomes::campaign_of(tx, send).await?.ok_or(CampaignError::NotFound)?;
    match (row.state, verdict) {
        (SendState::Unknown, Resolution::Sent) => {
            let accepted = Accepted { send, provider_id: String::new() };
            store::outcomes::sent(tx, &[accepted], None, by, now).await?;
        }
        (SendState::Unknown, Resolution::NotSent) => store::outcomes::replan(tx, &[send], now).await?,
        // Two people decided the same.
        (SendState::Sent, Resolution::Sent) | (SendState::Planned, Resolution::NotSent) => return Ok(()),
        (state, _) => {
            return Err(CampaignError::State(format!("This mail is “{}”, not unknown: there is nothing to decide.", state.label())));
        }
    }
    Pump::enqueue(tx, campaign).await?;
    Ok(())
}
