use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, TemplateId};
use serde_json::json;

use super::TemplateError;
use crate::templates::store;

/// Removes a template. Campaigns keep their copies of its text.
pub async fn delete_template(tx: &TenantTx, by: Actor, id: TemplateId, now: Timestamp) -> Result<(), TemplateError> {
    let name = store::delete(tx, id).await?.ok_or(TemplateError::NotFound)?;
    let event = NewEvent { kind: "template.deleted", subject: Subject::of(id), actor: by, at: now, payload: json!({ "name": name }) };
    append(tx, &[event]).await?;
    Ok(())
}
