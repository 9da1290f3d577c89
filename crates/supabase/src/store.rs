//! Every statement of this crate; people, sessions and factors belong to `identity`.

use db::{Db, DbError, Row, SystemTx};
use identity::session::app_metadata;
use jiff::Timestamp;
use kernel::{OrgId, SessionId, UserId, Uuid};
use serde_json::Value;

use crate::user::{AUTHENTICATED, Factor, Identity, User};

/// What a signed-in person may do in their account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing {
    pub(crate) is_banned: bool,
    pub(crate) has_session: bool,
    pub(crate) aal: i16,
    pub(crate) has_mfa: bool,
}

pub(crate) async fn standing(db: &Db, user: UserId, session: SessionId, now: Timestamp) -> Result<Option<Standing>, DbError> {
    let rows = db
        .read_system(
            "SELECT u.banned_until > $3, s.id IS NOT NULL, coalesce(s.aal, 1::smallint),
                    EXISTS (SELECT FROM mfa_factors f WHERE f.user_id = u.id AND f.status = 'verified')
             FROM users u LEFT JOIN sessions s ON s.id = $2 AND s.user_id = u.id AND s.expires_at > $3 WHERE u.id = $1",
            &[&user, &session, &now],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    Ok(Some(Standing {
        is_banned: row.try_get::<_, Option<bool>>(0)?.unwrap_or_default(),
        has_session: row.try_get(1)?,
        aal: row.try_get(2)?,
        has_mfa: row.try_get(3)?,
    }))
}

/// The user, as their session shows them if one is given.
pub(crate) async fn user(db: &Db, user: UserId, session: Option<SessionId>) -> Result<Option<User>, DbError> {
    Ok(users(db, &[user.uuid()], session).await?.into_iter().next())
}

/// Users in the order of `ids`.
pub(crate) async fn users(db: &Db, ids: &[Uuid], session: Option<SessionId>) -> Result<Vec<User>, DbError> {
    let rows = db
        .read_system(
            "SELECT u.id, u.email, u.email_confirmed_at, u.confirmation_sent_at, u.recovery_sent_at, u.invited_at, u.new_email,
                    u.email_change_sent_at, u.last_sign_in_at, u.app_metadata, u.user_metadata, u.created_at, u.updated_at, u.banned_until,
                    m.org_id, m.role
             FROM unnest($1::uuid[]) WITH ORDINALITY AS wanted (id, n) JOIN users u USING (id)
             LEFT JOIN sessions s ON s.id = $2 AND s.user_id = u.id
             LEFT JOIN LATERAL (
               SELECT * FROM memberships x WHERE x.user_id = u.id AND (s.only_org IS NULL OR x.org_id = s.only_org)
               ORDER BY (x.org_id = s.active_org) DESC NULLS LAST, x.created_at LIMIT 1) m ON true
             ORDER BY wanted.n",
            &[&ids, &session],
        )
        .await?;
    let identities = identities(db, ids).await?;
    let factors = factors(db, ids).await?;
    rows.iter().map(|row| shown(row, &identities, &factors)).collect()
}

fn shown(row: &Row, identities: &[Identity], factors: &[(Uuid, Factor)]) -> Result<User, DbError> {
    let id: Uuid = row.try_get(0)?;
    let email_confirmed_at: Option<Timestamp> = row.try_get(2)?;
    let (org, role): (Option<OrgId>, Option<String>) = (row.try_get(14)?, row.try_get(15)?);
    let identities: Vec<Identity> = identities.iter().filter(|identity| identity.user_id == id).cloned().collect();
    let mut providers: Vec<String> = identities.iter().map(|identity| identity.provider.clone()).collect();
    providers.sort_unstable();
    providers.dedup();
    Ok(User {
        id,
        aud: AUTHENTICATED,
        role: AUTHENTICATED,
        email: row.try_get(1)?,
        phone: "",
        email_confirmed_at,
        confirmed_at: email_confirmed_at,
        confirmation_sent_at: row.try_get(3)?,
        recovery_sent_at: row.try_get(4)?,
        invited_at: row.try_get(5)?,
        new_email: row.try_get(6)?,
        email_change_sent_at: row.try_get(7)?,
        last_sign_in_at: row.try_get(8)?,
        app_metadata: app_metadata(row.try_get(9)?, &providers, org, role.as_deref()),
        user_metadata: row.try_get(10)?,
        identities,
        factors: factors.iter().filter(|(owner, _)| *owner == id).map(|(_, factor)| factor.clone()).collect(),
        created_at: row.try_get(11)?,
        updated_at: row.try_get(12)?,
        banned_until: row.try_get(13)?,
        is_anonymous: false,
    })
}

async fn identities(db: &Db, users: &[Uuid]) -> Result<Vec<Identity>, DbError> {
    let rows = db
        .read_system(
            "SELECT id, provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at, identity_data ->> 'email'
             FROM identities WHERE user_id = ANY($1) ORDER BY created_at, id",
            &[&users],
        )
        .await?;
    let identity = |row: &Row| {
        Ok(Identity {
            identity_id: row.try_get(0)?,
            id: row.try_get(1)?,
            user_id: row.try_get(2)?,
            identity_data: row.try_get(3)?,
            provider: row.try_get(4)?,
            last_sign_in_at: row.try_get(5)?,
            created_at: row.try_get(6)?,
            updated_at: row.try_get(7)?,
            email: row.try_get(8)?,
        })
    };
    rows.iter().map(identity).collect()
}

/// The second factors of people, each with its owner.
pub(crate) async fn factors(db: &Db, users: &[Uuid]) -> Result<Vec<(Uuid, Factor)>, DbError> {
    let rows = db
        .read_system(
            "SELECT user_id, id, created_at, updated_at, status, friendly_name, kind, last_challenged_at
             FROM mfa_factors WHERE user_id = ANY($1) ORDER BY created_at, id",
            &[&users],
        )
        .await?;
    let factor = |row: &Row| {
        Ok((
            row.try_get(0)?,
            Factor {
                id: row.try_get(1)?,
                created_at: row.try_get(2)?,
                updated_at: row.try_get(3)?,
                status: row.try_get(4)?,
                friendly_name: row.try_get(5)?,
                factor_type: row.try_get(6)?,
                phone: "",
                last_challenged_at: row.try_get(7)?,
            },
        ))
    };
    rows.iter().map(factor).collect()
}

/// Whose address this is, and whether it was confirmed.
pub(crate) async fn by_email(db: &Db, email: &str) -> Result<Option<(UserId, bool)>, DbError> {
    let rows = db.read_system("SELECT id, email_confirmed_at IS NOT NULL FROM users WHERE email = $1", &[&email]).await?;
    rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Whose address this is, and the one that waits for its confirmation.
pub(crate) async fn waiting_address(db: &Db, email: &str) -> Result<Option<(UserId, String)>, DbError> {
    let rows = db.read_system("SELECT id, new_email FROM users WHERE email = $1 AND new_email IS NOT NULL", &[&email]).await?;
    rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

pub(crate) async fn set_waiting_address(tx: &SystemTx, user: UserId, email: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET new_email = $2, updated_at = $3 WHERE id = $1", &[&user, &email, &now]).await?;
    Ok(())
}

/// One page of users, the newest first, and how many there are.
pub(crate) async fn page(db: &Db, filter: &str, limit: i64, offset: i64) -> Result<(Vec<Uuid>, i64), DbError> {
    let pattern = format!("%{}%", filter.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let condition = "($1 = '%%' OR email LIKE $1 OR lower(name) LIKE $1)";
    let sql = format!("SELECT id FROM users WHERE {condition} ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3");
    let rows = db.read_system(&sql, &[&pattern, &limit, &offset]).await?;
    let ids = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    let total = db.read_system(&format!("SELECT count(*) FROM users WHERE {condition}"), &[&pattern]).await?;
    Ok((ids, total.first().map(|row| row.try_get(0)).transpose()?.unwrap_or_default()))
}

/// Locks a user's row; their stored metadata: the person's, and the administrators'.
pub(crate) async fn metadata(tx: &SystemTx, user: UserId) -> Result<Option<(Value, Value)>, DbError> {
    let row = tx.query_opt("SELECT user_metadata, app_metadata FROM users WHERE id = $1 FOR UPDATE", &[&user]).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

pub(crate) async fn set_user_metadata(tx: &SystemTx, user: UserId, metadata: &Value, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET user_metadata = $2, updated_at = $3 WHERE id = $1", &[&user, metadata, &now]).await?;
    Ok(())
}

pub(crate) async fn set_app_metadata(tx: &SystemTx, user: UserId, metadata: &Value, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET app_metadata = $2, updated_at = $3 WHERE id = $1", &[&user, metadata, &now]).await?;
    Ok(())
}

pub(crate) async fn set_ban(tx: &SystemTx, user: UserId, until: Option<Timestamp>, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET banned_until = $2, updated_at = $3 WHERE id = $1", &[&user, &until, &now]).await?;
    Ok(())
}

/// Takes the address as proved.
pub(crate) async fn confirm(tx: &SystemTx, user: UserId, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET email_confirmed_at = coalesce(email_confirmed_at, $2), updated_at = $2 WHERE id = $1", &[&user, &now])
        .await?;
    tx.execute(
        "UPDATE identities SET identity_data = identity_data || '{\"email_verified\": true}', updated_at = $2
         WHERE user_id = $1 AND provider = 'email'",
        &[&user, &now],
    )
    .await?;
    Ok(())
}

/// An administrator's word for somebody's address. An unconfirmed one has to be proved anew.
pub(crate) async fn set_email(tx: &SystemTx, user: UserId, email: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET email = $2, new_email = NULL, updated_at = $3 WHERE id = $1", &[&user, &email, &now]).await?;
    // Codes that were sent to the address before prove nothing any more.
    tx.execute("DELETE FROM one_time_tokens WHERE user_id = $1", &[&user]).await?;
    tx.execute(
        "UPDATE identities SET identity_data = identity_data || jsonb_build_object('email', $2::text), updated_at = $3
         WHERE user_id = $1 AND provider = 'email'",
        &[&user, &email, &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_password(tx: &SystemTx, user: UserId, hash: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("UPDATE users SET password_hash = $2, updated_at = $3 WHERE id = $1", &[&user, &hash, &now]).await?;
    Ok(())
}

/// An organisation with other members that would be left without an owner; its name.
pub(crate) async fn orphaned_by(tx: &SystemTx, user: UserId) -> Result<Option<String>, DbError> {
    // Two owners must not both leave because each saw the other.
    tx.execute(
        "SELECT FROM memberships WHERE role = 'owner' AND org_id IN (SELECT org_id FROM memberships WHERE user_id = $1)
         ORDER BY org_id, user_id FOR UPDATE",
        &[&user],
    )
    .await?;
    let row = tx
        .query_opt(
            "SELECT o.name FROM memberships m JOIN organisations o ON o.org_id = m.org_id
             WHERE m.user_id = $1 AND m.role = 'owner'
               AND NOT EXISTS (SELECT FROM memberships x WHERE x.org_id = m.org_id AND x.user_id <> $1 AND x.role = 'owner')
               AND EXISTS (SELECT FROM memberships x WHERE x.org_id = m.org_id AND x.user_id <> $1)
             ORDER BY o.name LIMIT 1",
            &[&user],
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Removes a person and everything that is theirs alone. What they did stays in the log.
pub(crate) async fn delete_user(tx: &SystemTx, user: UserId) -> Result<(), DbError> {
    tx.execute("DELETE FROM memberships WHERE user_id = $1", &[&user]).await?;
    tx.execute("DELETE FROM users WHERE id = $1", &[&user]).await?;
    Ok(())
}
