//! What happened to a person, told to the organisations they belong to.

use db::{DbError, SystemTx};
use http_kit::App;
use jiff::Timestamp;
use kernel::{Actor, OrgId, UserId, Uuid};
use serde_json::{Value, json};

use crate::{Client, security};

/// Whose log holds what concerns no organisation: security rules read it, nobody's audit shows it.
pub const NOWHERE: Uuid = Uuid::nil();

/// An act on a person, about to be written down.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Act<'a> {
    pub(crate) user: UserId,
    pub(crate) actor: Actor,
    /// In this organisation only; `None`: in each of theirs.
    pub(crate) org: Option<OrgId>,
    /// A session and an address, or an address.
    pub(crate) origin: &'a str,
}

/// Appends the event `kind` about `user`, done by themselves from `client`, to the log of each of their
/// organisations (the first 50), in the transaction of the change. Somebody who belongs to none is written
/// down under [`NOWHERE`]. `payload` holds facts that an administrator may read: no address, token or code.
pub async fn record(
    tx: &SystemTx,
    user: UserId,
    kind: &'static str,
    payload: &Value,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    record_by(tx, Actor::User(user), user, kind, payload, client, now).await
}

/// The same for what somebody else did to them: an administrator, or a visitor who failed to be them ([`Actor::Provider`]).
pub async fn record_by(
    tx: &SystemTx,
    actor: Actor,
    user: UserId,
    kind: &'static str,
    payload: &Value,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    let origin = client.address.to_string();
    append(tx, Act { user, actor, org: None, origin: &origin }, kind, payload, now).await
}

/// The same in one organisation's log only: what concerns no other.
pub async fn record_in(
    tx: &SystemTx,
    org: OrgId,
    user: UserId,
    kind: &'static str,
    payload: &Value,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    let origin = client.address.to_string();
    append(tx, Act { user, actor: Actor::User(user), org: Some(org), origin: &origin }, kind, payload, now).await
}

/// Says that somebody failed to sign in, as `user` if there is such an account; `why` is a word. Beside the
/// request, not in it: an address that nobody has must be answered as fast as one that somebody has.
pub(crate) fn refused(app: &App, user: impl Into<Option<UserId>>, why: &'static str, client: &Client) {
    let (app, user, client) = (app.clone(), user.into(), client.clone());
    tokio::spawn(async move {
        let written = async {
            let (tx, now) = (app.db.system().await?, app.clock.now());
            security::count_refusal(&tx, &client, why, now).await?;
            if let Some(user) = user {
                let payload = json!({ "why": why, "device": client.device() });
                record_by(&tx, Actor::Provider, user, "session.refused", &payload, &client, now).await?;
            }
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::warn!(%error, "a refused sign-in could not be written down");
        }
    });
}

pub(crate) async fn append(tx: &SystemTx, act: Act<'_>, kind: &'static str, payload: &Value, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "WITH places AS (SELECT org_id FROM memberships WHERE user_id = $1 AND ($2::uuid IS NULL OR org_id = $2) ORDER BY created_at, org_id LIMIT 50)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload, origin)
         SELECT p.org_id, $3, 'user', $1, $4, $5, $6, $7
         FROM (SELECT org_id FROM places UNION ALL SELECT $8 WHERE NOT EXISTS (SELECT FROM places)) p",
        &[&act.user, &act.org, &kind, &act.actor.to_string(), &now, payload, &act.origin, &NOWHERE],
    )
    .await?;
    Ok(())
}
