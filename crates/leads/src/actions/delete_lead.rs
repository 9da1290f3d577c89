use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, LeadId};
use serde_json::json;

use super::WriteError;
use crate::store;

/// Deletes a lead. Its events stay: what was sent to whom is history, and holds ids only.
pub async fn delete_lead(tx: &TenantTx, id: LeadId, actor: Actor, now: Timestamp) -> Result<(), WriteError> {
    let status = store::write::delete(tx, id).await?.ok_or(WriteError::NotFound)?;
    append(tx, &[NewEvent { kind: "lead.deleted", subject: Subject::of(id), actor, at: now, payload: json!({ "status": status }) }])
        .await?;
    Ok(())
}
