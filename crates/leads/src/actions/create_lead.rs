use db::TenantTx;
use http_kit::App;
use jiff::Timestamp;
use kernel::{Actor, LeadId, UserId};

use super::{WriteError, check_owner, complete, constraint_error};
use crate::{
    custom_fields::actions::for_values,
    model::{Lead, LeadDraft},
    ports::Scores,
    store,
};

/// Creates a lead in the caller's transaction, with its account when it names a company and with its score; returns it as it stands.
pub async fn create_lead(app: &App, tx: &TenantTx, draft: LeadDraft, actor: Actor, now: Timestamp) -> Result<Lead, WriteError> {
    let fields = for_values(tx, &draft.custom, actor, now).await?;
    let mut lead = draft.check_with(&fields, &serde_json::Map::new()).map_err(WriteError::Invalid)?;
    lead.owner_id = lead.owner_id.or_else(|| tx.scope().owner_of_new().map(UserId::from));
    check_owner(tx.scope(), lead.owner_id).map_err(|error| WriteError::Invalid(vec![error]))?;
    // Sent together: neither needs the other's answer.
    let (account, judge) = tokio::try_join!(store::accounts::upsert_for(tx, &lead, now), Scores::of(app)?.judge(tx))?;
    let account_id = complete(&mut lead, account.as_ref());
    let id = LeadId::new();
    store::write::insert(tx, id, &lead, account_id, &judge(&lead), actor, now).await.map_err(|error| constraint_error(error, tx.scope()))
}
