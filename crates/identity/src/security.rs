//! What looks like trouble at the door, written into the log beside the request: rules of the audit slice
//! count it.

use std::time::Duration;

use cache::Rate;
use db::{DbError, Scope, SystemTx};
use events::{NewEvent, Subject, append};
use http_kit::App;
use jiff::Timestamp;
use kernel::{Actor, Uuid};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::{Client, NOWHERE, Permission, Principal, Viewer};

/// Events of one person, or key and address: enough to see that it does not stop.
const MOST: Rate = Rate { uses: 20, per: Duration::from_secs(600) };

/// Somebody signed in asked for what they may not do.
pub(crate) fn denied(app: &App, viewer: &Viewer, permission: Permission) {
    let subject = Subject::of(viewer.user_id);
    let event = (("permission.denied", subject), json!({ "permission": permission.as_str() }));
    tell(app, format!("security:denied:{}", viewer.user_id), viewer.scope.clone(), viewer.actor(), event);
}

/// A key came from an address where it may not be used.
pub(crate) fn key_refused(app: &App, principal: &Principal, client: &Client) {
    let (Some(key), Some(place)) = (&principal.key, &principal.place) else { return };
    let scope = Scope::new(place.org, place.sees.clone(), Some(&format!("{} {}", key.id, client.address)));
    let throttle = format!("security:key:{}:{}", key.id, client.neighbourhood());
    tell(app, throttle, scope, Actor::User(principal.user), (("key.refused", Subject::of(key.id)), json!({})));
}

/// A sign-in was refused: counted by address, whoever it was meant for, because a stranger tries many
/// accounts. Under [`NOWHERE`], since addresses belong to no organisation.
pub(crate) async fn count_refusal(tx: &SystemTx, client: &Client, why: &str, now: Timestamp) -> Result<(), DbError> {
    let from = client.neighbourhood().to_string();
    // Found again by the log's index of subjects; the address itself is the origin.
    let id = Sha256::digest(&from).get(..16).and_then(|half| Uuid::from_slice(half).ok()).unwrap_or_default();
    tx.execute(
        "INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload, origin)
         VALUES ($1, 'session.refused', 'address', $2, 'provider', $3, $4, $5)",
        &[&NOWHERE, &id, &now, &json!({ "why": why }), &from],
    )
    .await?;
    Ok(())
}

fn tell(app: &App, throttle: String, scope: Scope, actor: Actor, (what, payload): ((&'static str, Subject), Value)) {
    let app = app.clone();
    tokio::spawn(async move {
        if app.cache.throttle(&throttle, MOST).await.is_err() {
            return;
        }
        let (kind, subject) = what;
        let written = async {
            let tx = app.db.tenant(&scope).await?;
            append(&tx, &[NewEvent { kind, subject, actor, at: app.clock.now(), payload }]).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            let error: DbError = error;
            tracing::warn!(%error, kind, "what looks like trouble could not be written down");
        }
    });
}
