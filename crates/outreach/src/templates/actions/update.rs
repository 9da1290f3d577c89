use db::TenantTx;
use events::{NewEvent, Subject, append};
use jiff::Timestamp;
use kernel::{Actor, TemplateId};
use serde_json::json;

use super::TemplateError;
use crate::templates::{Template, TemplateChange, store, variables};

/// Changes a template. With a `version`, only that version; without, whichever is there.
pub async fn update_template(
    tx: &TenantTx,
    by: Actor,
    id: TemplateId,
    version: Option<i32>,
    change: TemplateChange,
    now: Timestamp,
) -> Result<Template, TemplateError> {
    let before = store::find(tx, id).await?.ok_or(TemplateError::NotFound)?;
    if version.is_some_and(|version| version != before.version) {
        return Err(TemplateError::Changed);
    }
    let known = variables::known_names(&variables::custom_fields(tx).await?);
    let content = change.onto(before.content()).checked(&known).map_err(TemplateError::Invalid)?;
    let after = store::update(tx, id, before.version, &content, now).await?.ok_or(TemplateError::Changed)?;
    let was = before.content();
    let fields: Vec<&str> = [
        ("name", was.name != content.name),
        ("subject", was.subject != content.subject),
        ("html", was.html != content.html),
        ("text", was.text != content.text),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    let event = NewEvent {
        kind: "template.updated",
        subject: Subject::of(id),
        actor: by,
        at: now,
        payload: json!({ "name": after.name, "version": after.version, "fields": fields }),
    };
    append(tx, &[event]).await?;
    Ok(after)
}
