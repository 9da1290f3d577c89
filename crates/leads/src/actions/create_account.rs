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

/// Creates an account by hand. Whoever sees some records only would not see it: theirs appear with their leads.
pub async fn create_account(tx: &TenantTx, draft: AccountDraft, actor: Actor, now: Timestamp) -> Result<Account, WriteError> {
    let account = draft.check().map_err(WriteError::Invalid)?;
    if !tx.scope().sees_everything() {
        return Err(WriteError::Shared);
    }
    let id = AccountId::new();
    store::accounts::insert(tx, id, &account, now).await.map_err(|error| constraint_error(error, tx.scope()))?;
    append(tx, &[NewEvent { kind: "account.created", subject: Subject::of(id), actor, at: now, payload: json!({}) }]).await?;
    store::accounts::get(tx, id).await?.ok_or(WriteError::NotFound)
}
