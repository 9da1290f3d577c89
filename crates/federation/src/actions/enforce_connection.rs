use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use identity::{Can, SecurityWrite};
use kernel::ConnectionId;
use serde_json::json;

use crate::store::connections;

/// Demands that the organisation's people, but for its owners, sign in through its provider, or stops to.
pub(crate) async fn enforce_connection(
    app: &App,
    viewer: &Can<SecurityWrite>,
    id: ConnectionId,
    enforced: bool,
) -> Result<String, Problem> {
    viewer.require_fresh(app)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let before = connections::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    if before.enforced != enforced {
        let now = app.clock.now();
        connections::set_enforced(&tx, id, enforced, now).await?;
        let payload = json!({ "enforced": { "from": before.enforced, "to": enforced } });
        let event = NewEvent { kind: "sso.enforcement_changed", subject: Subject::of(id), actor: viewer.actor(), at: now, payload };
        append(&tx, &[event]).await?;
    }
    tx.commit().await?;
    Ok(before.label)
}
