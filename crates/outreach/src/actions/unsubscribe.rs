use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, SendId};
use serde_json::json;

use super::{StopWriting, stop_writing};
use crate::{
    model::{SuppressionReason, SuppressionSource},
    store,
};

/// The recipient of this send wants no more mail: at once, from every campaign. Doing it twice changes
/// nothing. `false`: the send is gone, with its lead and the address.
pub(crate) async fn unsubscribe(tx: &TenantTx, send: SendId, source: SuppressionSource, now: Timestamp) -> Result<bool, DbError> {
    let Some(origin) = store::tracking::origin(tx, send).await? else { return Ok(false) };
    let what = StopWriting { email: &origin.email, lead: Some(origin.lead), reason: SuppressionReason::Unsubscribed, source, detail: "" };
    let news = stop_writing(tx, what, now).await?;
    leads::set_status(tx, origin.lead, leads::Status::Unsubscribed, Actor::Provider, now).await?;
    if news {
        let payload = json!({ "campaign_id": origin.campaign.uuid(), "step_id": origin.step.uuid(), "step_no": origin.step_no, "send_id": send.uuid(), "source": source });
        append(tx, &[NewEvent { kind: "mail.unsubscribed", subject: Subject::of(origin.lead), actor: Actor::Provider, at: now, payload }])
            .await?;
    }
    Ok(true)
}
