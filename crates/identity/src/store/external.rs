//! People of a hosted Supabase Auth: who they are here, and the sessions that their tokens open.

use db::{DbError, SystemTx};
use jiff::Timestamp;
use kernel::{Actor, EmailAddress, OrgId, SessionId, UserId, Uuid};
use serde_json::{Value, json};

use super::{NewUser, insert_user};
use crate::{
    Client, Role,
    external::{ExternalClaims, PROVIDER},
    record::{self, Act},
};

/// What a verified token says of somebody.
pub(crate) struct Sighting {
    /// Their id there; here too, if they are new.
    pub(crate) subject: UserId,
    pub(crate) email: EmailAddress,
    pub(crate) name: String,
    pub(crate) verified: bool,
    pub(crate) org: Option<OrgId>,
    pub(crate) role: Role,
    /// Seconds since 1970.
    pub(crate) issued_at: i64,
    pub(crate) user_metadata: Value,
}

/// The person, and the organisation that the token has put them into.
#[derive(Debug, Clone, Copy)]
pub struct Provisioned {
    pub user: UserId,
    pub org: Option<OrgId>,
}

/// Finds or makes the person, and brings their membership up to date. `None`: the address is
/// somebody's here, and nothing shows that it is theirs.
pub(crate) async fn see(tx: &SystemTx, seen: &Sighting, client: &Client, now: Timestamp) -> Result<Option<Provisioned>, DbError> {
    let subject = seen.subject.uuid().to_string();
    // Two requests may bring the same person for the first time.
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", &[&subject]).await?;
    let known = tx
        .query_opt(
            "SELECT user_id, coalesce((identity_data ->> 'iat')::bigint, 0), (identity_data ->> 'org_id')::uuid FROM identities
             WHERE provider = $1 AND provider_id = $2",
            &[&PROVIDER, &subject],
        )
        .await?;
    let (user, newest, placed): (UserId, i64, Option<OrgId>) = match known {
        Some(row) => (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?),
        None => {
            let Some(user) = first_sight(tx, seen, &subject, now).await? else { return Ok(None) };
            (user, 0, None)
        }
    };
    if seen.issued_at < newest {
        // An older token of somebody who has been moved since.
        return Ok(Some(Provisioned { user, org: None }));
    }
    let org = match seen.org {
        Some(org) => {
            tx.query_opt("SELECT org_id FROM organisations WHERE org_id = $1", &[&org]).await?.map(|row| row.try_get(0)).transpose()?
        }
        None => None,
    };
    if let Some(before) = placed.filter(|before| Some(*before) != org) {
        let gone = tx.execute("DELETE FROM memberships WHERE org_id = $1 AND user_id = $2 AND role <> 'owner'", &[&before, &user]).await?;
        if gone > 0 {
            tell(tx, user, before, "member.removed", &json!({ "by": "token" }), client, now).await?;
        }
    }
    if let Some(org) = org {
        place(tx, user, org, seen.role, client, now).await?;
    }
    let data = json!({ "sub": subject, "email": seen.email, "email_verified": seen.verified, "iat": seen.issued_at, "org_id": org.map(|org| org.uuid()) });
    tx.execute(
        "UPDATE identities SET identity_data = $3, updated_at = $4, last_sign_in_at = $4 WHERE provider = $1 AND provider_id = $2",
        &[&PROVIDER, &subject, &data, &now],
    )
    .await?;
    Ok(Some(Provisioned { user, org }))
}

async fn first_sight(tx: &SystemTx, seen: &Sighting, subject: &str, now: Timestamp) -> Result<Option<UserId>, DbError> {
    let holder = tx
        .query_opt(
            "SELECT id, email_confirmed_at IS NOT NULL FROM users WHERE id = $1 OR email = $2 ORDER BY (id = $1) DESC LIMIT 1",
            &[&seen.subject, &seen.email.as_str()],
        )
        .await?;
    let user = match holder {
        None => {
            let new = NewUser {
                id: seen.subject,
                email: seen.email.as_str(),
                name: &seen.name,
                password_hash: None,
                confirmed: seen.verified,
                user_metadata: &seen.user_metadata,
            };
            insert_user(tx, &new, now).await?;
            seen.subject
        }
        Some(row) => {
            let (holder, confirmed): (UserId, bool) = (row.try_get(0)?, row.try_get(1)?);
            if holder != seen.subject && !(seen.verified && confirmed) {
                return Ok(None);
            }
            holder
        }
    };
    tx.execute(
        "INSERT INTO identities (id, user_id, provider, provider_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        &[&Uuid::now_v7(), &user, &PROVIDER, &subject, &now],
    )
    .await?;
    Ok(Some(user))
}

/// A membership as the token has it; whoever owns an organisation owns it on.
async fn place(tx: &SystemTx, user: UserId, org: OrgId, role: Role, client: &Client, now: Timestamp) -> Result<(), DbError> {
    let before: Option<String> = tx
        .query_opt("SELECT role FROM memberships WHERE org_id = $1 AND user_id = $2 FOR UPDATE", &[&org, &user])
        .await?
        .map(|row| row.try_get(0))
        .transpose()?;
    match before.as_deref() {
        None => {
            super::insert_membership(tx, org, user, role.as_str(), now).await?;
            tell(tx, user, org, "member.added", &json!({ "role": role.as_str(), "by": "token" }), client, now).await
        }
        Some("owner") => Ok(()),
        Some(before) if before == role.as_str() => Ok(()),
        Some(before) => {
            tx.execute("UPDATE memberships SET role = $3 WHERE org_id = $1 AND user_id = $2", &[&org, &user, &role.as_str()]).await?;
            let payload = json!({ "role": { "from": before, "to": role.as_str() }, "by": "token" });
            tell(tx, user, org, "member.role_changed", &payload, client, now).await
        }
    }
}

async fn tell(
    tx: &SystemTx,
    user: UserId,
    org: OrgId,
    kind: &'static str,
    payload: &Value,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    let origin = client.address.to_string();
    record::append(tx, Act { user, actor: Actor::Provider, org: Some(org), origin: &origin }, kind, payload, now).await
}

/// The session that a token opens, or prolongs.
pub(crate) async fn open_session(
    tx: &SystemTx,
    session: SessionId,
    of: &Provisioned,
    claims: &ExternalClaims,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    let second = |at: i64| Timestamp::from_second(at).unwrap_or(now);
    let (aal, fresh_at) = standing(claims, now);
    tx.execute(
        "INSERT INTO sessions (id, user_id, active_org, aal, amr, fresh_at, created_at, expires_at, last_seen_at, user_agent, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $7, $9, $10)
         ON CONFLICT (id) DO UPDATE SET active_org = coalesce(excluded.active_org, sessions.active_org), aal = excluded.aal, amr = excluded.amr,
           fresh_at = excluded.fresh_at, expires_at = greatest(sessions.expires_at, excluded.expires_at)
         WHERE sessions.user_id = excluded.user_id",
        &[
            &session,
            &of.user,
            &of.org,
            &aal,
            &json!(claims.amr),
            &fresh_at,
            &now,
            &second(claims.exp),
            &client.agent,
            &client.address.to_string(),
        ],
    )
    .await?;
    tx.execute("UPDATE users SET last_sign_in_at = $2 WHERE id = $1", &[&of.user, &now]).await?;
    Ok(())
}

/// Makes a browser's session end at `expires`, with the standing that its token shows.
pub(crate) async fn limit_session(
    tx: &SystemTx,
    cookie: &[u8; 32],
    claims: &ExternalClaims,
    now: Timestamp,
    expires: Timestamp,
) -> Result<(), DbError> {
    let (aal, fresh_at) = standing(claims, now);
    tx.execute(
        "UPDATE sessions SET aal = $2, amr = $3, fresh_at = $4, expires_at = $5 WHERE token_hash = $1",
        &[&cookie.as_slice(), &aal, &json!(claims.amr), &fresh_at, &expires],
    )
    .await?;
    Ok(())
}

/// How strongly, and when, they have proved who they are.
fn standing(claims: &ExternalClaims, now: Timestamp) -> (i16, Timestamp) {
    let second = |at: i64| Timestamp::from_second(at).unwrap_or(now);
    // A proof from the future would stay fresh.
    let proved = claims.amr.iter().map(|amr| second(amr.timestamp)).max().unwrap_or_else(|| second(claims.iat)).min(now);
    (if claims.aal == "aal2" { 2 } else { 1 }, proved)
}
