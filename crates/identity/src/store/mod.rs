pub(crate) mod account;
pub(crate) mod colleagues;
pub(crate) mod domains;
pub mod external;
pub(crate) mod invitations;
pub(crate) mod roles;
pub(crate) mod teams;

use db::{Db, DbError, Row, SystemTx, TenantTx};
use jiff::Timestamp;
use kernel::{OrgId, SessionId, UserId, Uuid};
use serde::Serialize;
use utoipa::ToSchema;

/// A colleague.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Member {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The tenant.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Organisation {
    pub id: OrgId,
    pub name: String,
    /// Printed below every campaign mail, as CAN-SPAM demands.
    pub postal_address: String,
}

/// The session behind a cookie, and whose it is.
pub(crate) async fn session_of(tx: &SystemTx, token_hash: &[u8]) -> Result<Option<(SessionId, UserId)>, DbError> {
    let row = tx.query_opt("SELECT id, user_id FROM sessions WHERE token_hash = $1", &[&token_hash]).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

pub(crate) async fn delete_expired_sessions(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let tx = db.system().await?;
    let gone = tx.execute("DELETE FROM sessions WHERE expires_at < $1", &[&now]).await?;
    tx.commit().await?;
    Ok(gone)
}

/// Who signs in with this address, their hash, and the organisation they land in: the first they joined.
/// What signing in with a password needs to know of an address.
pub struct Credentials {
    pub user: UserId,
    pub password_hash: Option<String>,
    pub confirmed: bool,
    pub banned_until: Option<Timestamp>,
}

/// Who signs in with this address.
pub async fn credentials(db: &Db, email: &str) -> Result<Option<Credentials>, DbError> {
    let rows = db
        .read_system("SELECT id, password_hash, email_confirmed_at IS NOT NULL, banned_until FROM users WHERE email = $1", &[&email])
        .await?;
    rows.first()
        .map(|row| {
            Ok(Credentials {
                user: row.try_get(0)?,
                password_hash: row.try_get(1)?,
                confirmed: row.try_get(2)?,
                banned_until: row.try_get(3)?,
            })
        })
        .transpose()
}

pub(crate) async fn any_organisation(db: &Db) -> Result<bool, DbError> {
    Ok(!db.read_system("SELECT FROM organisations LIMIT 1", &[]).await?.is_empty())
}

/// Whether somebody has this address.
pub(crate) async fn is_known(tx: &SystemTx, email: &str) -> Result<bool, DbError> {
    Ok(tx.query_opt("SELECT FROM users WHERE email = $1", &[&email]).await?.is_some())
}

/// A person about to be known.
pub struct NewUser<'a> {
    pub id: UserId,
    pub email: &'a str,
    pub name: &'a str,
    pub password_hash: Option<&'a str>,
    /// Whether the address was proved already, or needs no proof here.
    pub confirmed: bool,
    pub user_metadata: &'a serde_json::Value,
}

/// Stores a person with the identity of their own address.
pub async fn insert_user(tx: &SystemTx, new: &NewUser<'_>, now: Timestamp) -> Result<(), DbError> {
    let confirmed_at = new.confirmed.then_some(now);
    tx.execute(
        "INSERT INTO users (id, email, name, password_hash, email_confirmed_at, user_metadata, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7)",
        &[&new.id, &new.email, &new.name, &new.password_hash, &confirmed_at, new.user_metadata, &now],
    )
    .await?;
    let id = new.id.uuid().to_string();
    let data = serde_json::json!({ "sub": id, "email": new.email, "email_verified": new.confirmed, "phone_verified": false });
    tx.execute(
        "INSERT INTO identities (id, user_id, provider, provider_id, identity_data, created_at, updated_at, last_sign_in_at)
         VALUES ($1, $2, 'email', $3, $4, $5, $5, $5)",
        &[&Uuid::now_v7(), &new.id, &id, &data, &now],
    )
    .await?;
    Ok(())
}

pub async fn insert_organisation(tx: &SystemTx, org: OrgId, name: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("INSERT INTO organisations (org_id, name, created_at) VALUES ($1, $2, $3)", &[&org, &name, &now]).await?;
    Ok(())
}

pub async fn insert_membership(tx: &SystemTx, org: OrgId, user: UserId, role: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("INSERT INTO memberships (org_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)", &[&org, &user, &role, &now]).await?;
    Ok(())
}

fn member(row: &Row) -> Result<Member, DbError> {
    Ok(Member { id: row.try_get(0)?, name: row.try_get(1)?, email: row.try_get(2)?, role: row.try_get(3)?, created_at: row.try_get(4)? })
}

/// The people of the organisation, by name; the first 500.
pub async fn members(tx: &TenantTx) -> Result<Vec<Member>, DbError> {
    let rows = tx
        .query(
            "SELECT user_id, name, email, role, created_at FROM members WHERE org_id = $1 ORDER BY lower(name), user_id LIMIT 500",
            &[&tx.org()],
        )
        .await?;
    rows.iter().map(member).collect()
}

/// The organisation itself.
pub async fn organisation(tx: &TenantTx) -> Result<Organisation, DbError> {
    let row = tx.query_one("SELECT org_id, name, postal_address FROM organisations WHERE org_id = $1", &[&tx.org()]).await?;
    Ok(Organisation { id: row.try_get(0)?, name: row.try_get(1)?, postal_address: row.try_get(2)? })
}

pub(crate) async fn update_organisation(tx: &TenantTx, name: &str, postal_address: &str) -> Result<(), DbError> {
    tx.execute("UPDATE organisations SET name = $2, postal_address = $3 WHERE org_id = $1", &[&tx.org(), &name, &postal_address]).await?;
    Ok(())
}
