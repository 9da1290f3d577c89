use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use identity::{Can, SecurityWrite};
use kernel::ConnectionId;
use serde_json::json;

use crate::store::connections;

/// Takes a provider out: nobody comes by it any more, and whoever has is signed out.
pub(crate) async fn remove_connection(app: &App, viewer: &Can<SecurityWrite>, id: ConnectionId) -> Result<String, Problem> {
    viewer.require_fresh(app)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let before = connections::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    let system = app.db.system().await?;
    connections::forget_people(&system, viewer.org_id, id).await?;
    let tx = system.enter(&viewer.scope).await?;
    connections::delete(&tx, id).await?;
    let payload = json!({ "issuer": before.issuer, "domains": before.domains });
    let event = NewEvent { kind: "sso.removed", subject: Subject::of(id), actor: viewer.actor(), at: app.clock.now(), payload };
    append(&tx, &[event]).await?;
    tx.commit().await?;
    Ok(before.label)
}
