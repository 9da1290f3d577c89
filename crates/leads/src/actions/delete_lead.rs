use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, LeadId};
use serde_json::json;

use super::WriteError;
use crate::store;

/// Deletes a lead. Its events stay: what was sent to whom is history, and holds ids only.
pub async fn delete_lead(tx: &TenantTx, id: LeadId, actor: Actor, now: Timestamp) -> Result<(), WriteError> {
    if !store::write::delete(tx, id).await? {
        return Err(WriteError::NotFound);
    }
    append(tx, &[NewEvent { kind: "lead.deleted", subject: Subject::of(id), actor, at: now, payload: json!({}) }]).await?;
    Ok(())
}
