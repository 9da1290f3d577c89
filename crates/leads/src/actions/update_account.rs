use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{AccountId, Actor};
use serde_json::json;

use super::{WriteError, constraint_error};
use crate::{
    model::{Account, AccountDraft},
    store,
};

/// The account as it is, locked against other changes.
pub(crate) async fn locked(tx: &TenantTx, id: AccountId) -> Result<Account, WriteError> {
    store::accounts::get(tx, id).await?.ok_or(WriteError::NotFound)?;
    if store::accounts::is_shared(tx, id).await? {
        return Err(WriteError::Shared);
    }
    store::accounts::lock(tx, id).await?.ok_or(WriteError::NotFound)
}

/// Writes an account and copies the facts that changed onto its leads, in the same transaction.
pub async fn update_account(
    tx: &TenantTx,
    id: AccountId,
    draft: AccountDraft,
    actor: Actor,
    now: Timestamp,
) -> Result<Account, WriteError> {
    let before = locked(tx, id).await?;
    let after = draft.check().map_err(WriteError::Invalid)?;
    let fields: Vec<&str> = [
        ("name", before.name != after.name),
        ("domain", before.domain != after.domain),
        ("industry", before.industry != after.industry),
        ("employee_count", before.employee_count != after.employee_count),
        ("annual_revenue", before.annual_revenue != after.annual_revenue),
        ("country", before.country != after.country),
        ("city", before.city != after.city),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    if fields.is_empty() {
        return Ok(before);
    }
    store::accounts::update(tx, id, &after, now).await.map_err(|error| constraint_error(error, tx.scope()))?;
    let leads = store::accounts::propagate(tx, id, &after, &fields, actor, now).await?;
    let payload = json!({ "fields": fields, "leads": leads });
    append(tx, &[NewEvent { kind: "account.updated", subject: Subject::of(id), actor, at: now, payload }]).await?;
    store::accounts::get(tx, id).await?.ok_or(WriteError::NotFound)
}
