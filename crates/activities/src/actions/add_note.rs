use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, LeadId};
use serde_json::json;

use super::{ActivityError, lead, tell, user_of};
use crate::{
    model::{Note, clean_body},
    store,
};

/// Writes something down about a lead.
pub(crate) async fn add_note(tx: &TenantTx, about: LeadId, body: &str, by: Actor, now: Timestamp) -> Result<Note, ActivityError> {
    let body = clean_body(body).map_err(ActivityError::Invalid)?;
    lead(tx, about).await?;
    let note = store::notes::insert(tx, about, &body, user_of(by), now).await?;
    tell(tx, "note.added", about, by, now, json!({ "note_id": note.id })).await?;
    Ok(note)
}
