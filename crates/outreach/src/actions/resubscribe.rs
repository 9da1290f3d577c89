use db::{DbError, TenantTx};
use events::{NewEvent, Subject, append};
use jiff::{SignedDuration, Timestamp};
use kernel::{Actor, SendId};
use leads::Status;
use serde_json::json;

use crate::{
    jobs::Pump,
    model::{StopReason, SuppressionReason},
    store,
};

/// How long an unsubscription can be taken back by the link that made it.
const UNDONE_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The recipient takes an unsubscription back: the address, the lead's status and the sequences are as
/// before. A bounce or a complaint is not the recipient's to take back.
pub(crate) async fn resubscribe(tx: &TenantTx, send: SendId, now: Timestamp) -> Result<bool, DbError> {
    let Some(origin) = store::tracking::origin(tx, send).await? else { return Ok(false) };
    // A mail that is forwarded years later must not bring anybody back.
    let too_old = now.checked_sub(UNDONE_WITHIN).unwrap_or(Timestamp::MIN);
    if store::suppressions::find(tx, &origin.email).await?.is_some_and(|found| found.at < too_old) {
        return Ok(false);
    }
    let Some(status) = store::suppressions::delete(tx, &origin.email, Some(SuppressionReason::Unsubscribed)).await? else {
        return Ok(false);
    };
    let before = status.parse().ok().filter(|before| *before != Status::Unsubscribed).unwrap_or(Status::Contacted);
    leads::take_back_unsubscription(tx, origin.lead, before, now).await?;
    for campaign in store::enrollments::restart(tx, origin.lead, StopReason::Unsubscribed).await? {
        Pump::enqueue(tx, campaign).await?;
    }
    let payload = json!({ "campaign_id": origin.campaign.uuid(), "send_id": send.uuid() });
    append(tx, &[NewEvent { kind: "mail.resubscribed", subject: Subject::of(origin.lead), actor: Actor::Provider, at: now, payload }])
        .await?;
    Ok(true)
}
