use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use jiff::Timestamp;
use kernel::ApiKeyId;
use serde_json::json;

use super::store;
use crate::{Can, KeysWrite};

/// Revokes a key of the organisation, whoever made it. Every node forgets it as this commits.
pub(crate) async fn revoke_key(tx: &TenantTx, app: &App, viewer: &Can<KeysWrite>, id: ApiKeyId, now: Timestamp) -> Result<String, Problem> {
    viewer.require_fresh(app)?;
    let (name, prefix) = store::delete(tx, id).await?.ok_or_else(Problem::not_found)?;
    let payload = json!({ "name": name, "prefix": prefix });
    append(tx, &[NewEvent { kind: "key.revoked", subject: Subject::of(id), actor: viewer.actor(), at: now, payload }]).await?;
    Ok(name)
}
