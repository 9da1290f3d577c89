use events::{NewEvent, Subject, append, changes};
use http_kit::{App, FieldError, Problem};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::checked_name;
use crate::{Can, Organisation, SettingsWrite, store};

/// What to change; what is missing stays.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct OrganisationChange {
    pub name: Option<String>,
    /// Street, postal code, town, country: what CAN-SPAM wants below each campaign mail.
    pub postal_address: Option<String>,
    #[serde(default)]
    #[schema(ignore)]
    pub idempotency_key: Option<String>,
}

/// Changes the organisation's name or postal address.
pub async fn update_organisation(app: &App, viewer: &Can<SettingsWrite>, change: OrganisationChange) -> Result<Organisation, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let before = store::organisation(&tx).await?;
    let name = checked_name(change.name.as_deref().unwrap_or(&before.name), "The organisation's name")
        .map_err(|why| Problem::invalid(vec![FieldError::new("/name", "name.invalid", why)]))?;
    let address = change.postal_address.as_deref().unwrap_or(&before.postal_address).trim().replace("\r\n", "\n");
    if address.chars().count() > 500 {
        return Err(Problem::field("/postal_address", "postal_address.long", "The postal address is longer than 500 characters"));
    }
    store::update_organisation(&tx, &name, &address).await?;
    let after = store::organisation(&tx).await?;
    let changed = changes(&json!(before), &json!(after));
    if changed.is_empty() {
        return Ok(before);
    }
    let event = NewEvent {
        kind: "organisation.updated",
        subject: Subject::of(viewer.org_id),
        actor: viewer.actor(),
        at: app.clock.now(),
        payload: Value::Object(changed),
    };
    append(&tx, &[event]).await?;
    tx.commit().await?;
    Ok(after)
}
