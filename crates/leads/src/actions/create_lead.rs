use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, LeadId, UserId};

use super::{WriteError, check_owner, complete, constraint_error};
use crate::{
    custom_fields::actions::for_values,
    model::{Lead, LeadDraft},
    store,
};

/// Creates a lead in the caller's transaction, with its account when it names a company; returns it as it stands.
pub async fn create_lead(tx: &TenantTx, draft: LeadDraft, actor: Actor, now: Timestamp) -> Result<Lead, WriteError> {
    let fields = for_values(tx, &draft.custom, actor, now).await?;
    let mut lead = draft.check_with(&fields, &serde_json::Map::new()).map_err(WriteError::Invalid)?;
    lead.owner_id = lead.owner_id.or_else(|| tx.scope().owner_of_new().map(UserId::from));
    check_owner(tx.scope(), lead.owner_id).map_err(|error| WriteError::Invalid(vec![error]))?;
    let account = store::accounts::upsert_for(tx, &lead, now).await?;
    let account_id = complete(&mut lead, account.as_ref());
    let id = LeadId::new();
    store::write::insert(tx, id, &lead, account_id, actor, now).await.map_err(|error| constraint_error(error, tx.scope()))
}
