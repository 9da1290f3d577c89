use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, ChangeSetId, LeadId};
use serde_json::json;

use super::WriteError;
use crate::{
    changes::{self, Kind},
    store,
};

/// Deletes a lead, as a change set that can be undone. Its events stay: what was sent to whom is history, and holds ids only.
pub async fn delete_lead(tx: &TenantTx, id: LeadId, actor: Actor, now: Timestamp) -> Result<ChangeSetId, WriteError> {
    let set = changes::begin(tx, Kind::Delete, "Deleted a lead", actor, now).await?;
    let status = store::write::delete(tx, id).await?.ok_or(WriteError::NotFound)?;
    changes::finish(tx, set).await?;
    append(tx, &[NewEvent { kind: "lead.deleted", subject: Subject::of(id), actor, at: now, payload: json!({ "status": status }) }])
        .await?;
    Ok(set)
}
