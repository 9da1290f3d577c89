use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, TemplateId};
use serde_json::json;

use super::TemplateError;
use crate::templates::{Template, TemplateContent, store, variables};

/// Writes a new template.
pub async fn create_template(tx: &TenantTx, by: Actor, content: TemplateContent, now: Timestamp) -> Result<Template, TemplateError> {
    let known = variables::known_names(&variables::custom_fields(tx).await?);
    let content = content.checked(&known).map_err(TemplateError::Invalid)?;
    insert(tx, by, &content, now).await
}

/// Stores checked content and says so.
pub(super) async fn insert(tx: &TenantTx, by: Actor, content: &TemplateContent, now: Timestamp) -> Result<Template, TemplateError> {
    let user = if let Actor::User(user) = by { Some(user) } else { None };
    let template = store::insert(tx, TemplateId::new(), content, user, now).await?;
    let event = NewEvent {
        kind: "template.created",
        subject: Subject::of(template.id),
        actor: by,
        at: now,
        payload: json!({ "name": content.name }),
    };
    append(tx, &[event]).await?;
    Ok(template)
}
