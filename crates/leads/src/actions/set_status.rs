use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{Actor, LeadId};

use crate::{model::Status, store};

/// Moves a lead to `status` if the rules let `actor` do that ([`Status::may_become`]); returns whether it moved.
pub async fn set_status(tx: &TenantTx, lead: LeadId, status: Status, actor: Actor, now: Timestamp) -> Result<bool, DbError> {
    let from: Vec<Status> = Status::ALL.into_iter().filter(|from| from.may_become(status, actor)).collect();
    let moved = store::write::move_status(tx, &[lead], &from, status, true, actor, now).await?;
    Ok(!moved.is_empty())
}

/// These leads were written to: the new ones among them are contacted now, and all were active now.
/// Returns those that moved.
pub async fn mark_contacted(tx: &TenantTx, leads: &[LeadId], now: Timestamp) -> Result<Vec<LeadId>, DbError> {
    store::write::move_status(tx, leads, &[Status::New], Status::Contacted, true, Actor::System, now).await
}

/// A lead that had unsubscribed takes that back and is again what it was before.
pub async fn take_back_unsubscription(tx: &TenantTx, lead: LeadId, before: Status, now: Timestamp) -> Result<bool, DbError> {
    let moved = store::write::move_status(tx, &[lead], &[Status::Unsubscribed], before, true, Actor::Provider, now).await?;
    Ok(!moved.is_empty())
}
