use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use jiff::Timestamp;
use kernel::ApiKeyId;
use serde_json::json;

use super::{ApiKey, draft::NewKey, secret::NewSecret, store};
use crate::{Can, KeysWrite};

/// Keys that an organisation may have: more than that is a program that makes keys.
const MOST: i64 = 200;

/// A key just made; the only value that ever holds the key itself.
pub(crate) struct MadeKey {
    pub(crate) secret: String,
    pub(crate) key: ApiKey,
}

/// Makes a key that acts for the viewer, in the caller's transaction. Takes a fresh proof of who they are:
/// whoever finds a browser open must not walk away with a key.
pub(crate) async fn make_key(tx: &TenantTx, app: &App, viewer: &Can<KeysWrite>, new: NewKey, now: Timestamp) -> Result<MadeKey, Problem> {
    viewer.require_fresh(app)?;
    let new = new.check(viewer.place().permissions, now)?;
    if store::count(tx).await? >= MOST {
        return Err(Problem::conflict(format!("Your organisation has {MOST} keys, which is the limit. Revoke those that nobody uses.")));
    }
    let (id, secret) = (ApiKeyId::new(), NewSecret::generate());
    store::insert(tx, id, &new, &secret, viewer.user_id, now).await?;
    let payload = json!({
        "name": new.name, "prefix": secret.prefix, "scopes": new.scopes, "expires_at": new.expires_at, "addresses": new.addresses,
    });
    append(tx, &[NewEvent { kind: "key.created", subject: Subject::of(id), actor: viewer.actor(), at: now, payload }]).await?;
    let key = store::find(tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(MadeKey { secret: secret.key, key })
}
