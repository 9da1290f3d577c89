use db::{Db, DbError, Row, SystemTx, TenantTx};
use jiff::Timestamp;
use kernel::{OrgId, SessionId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// The person behind a session, as the viewer extractor needs it.
pub(crate) struct SessionRow {
    pub(crate) session: SessionId,
    pub(crate) user: UserId,
    pub(crate) org: OrgId,
    pub(crate) role: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) org_name: String,
    pub(crate) last_seen_at: Timestamp,
}

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

pub(crate) async fn session(db: &Db, token_hash: &[u8], now: Timestamp) -> Result<Option<SessionRow>, DbError> {
    let rows = db
        .read_system(
            "SELECT s.id, s.user_id, s.org_id, m.role, u.name, u.email, o.name, s.last_seen_at
             FROM sessions s
             JOIN memberships m ON m.org_id = s.org_id AND m.user_id = s.user_id
             JOIN users u ON u.id = s.user_id
             JOIN organisations o ON o.org_id = s.org_id
             WHERE s.token_hash = $1 AND s.expires_at > $2",
            &[&token_hash, &now],
        )
        .await?;
    rows.first()
        .map(|row| {
            Ok(SessionRow {
                session: row.try_get(0)?,
                user: row.try_get(1)?,
                org: row.try_get(2)?,
                role: row.try_get(3)?,
                name: row.try_get(4)?,
                email: row.try_get(5)?,
                org_name: row.try_get(6)?,
                last_seen_at: row.try_get(7)?,
            })
        })
        .transpose()
}

pub(crate) async fn insert_session(
    tx: &SystemTx,
    org: OrgId,
    user: UserId,
    token_hash: &[u8],
    user_agent: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<SessionId, DbError> {
    let id = SessionId::new();
    let agent: String = user_agent.chars().take(300).collect();
    tx.execute(
        "INSERT INTO sessions (org_id, id, user_id, token_hash, created_at, expires_at, last_seen_at, user_agent)
         VALUES ($1, $2, $3, $4, $5, $6, $5, $7)",
        &[&org, &id, &user, &token_hash, &now, &expires_at, &agent],
    )
    .await?;
    Ok(id)
}

pub(crate) async fn touch_session(db: &Db, org: OrgId, session: SessionId, now: Timestamp) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute("UPDATE sessions SET last_seen_at = $3 WHERE org_id = $1 AND id = $2", &[&org, &session, &now]).await?;
    tx.commit().await
}

pub(crate) async fn delete_session(db: &Db, token_hash: &[u8]) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute("DELETE FROM sessions WHERE token_hash = $1", &[&token_hash]).await?;
    tx.commit().await
}

pub(crate) async fn delete_expired_sessions(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let tx = db.system().await?;
    let gone = tx.execute("DELETE FROM sessions WHERE expires_at < $1", &[&now]).await?;
    tx.commit().await?;
    Ok(gone)
}

/// Who signs in with this address, their hash, and the organisation they land in: the first they joined.
pub(crate) async fn credentials(db: &Db, email: &str) -> Result<Option<(UserId, String, OrgId)>, DbError> {
    let rows = db
        .read_system(
            "SELECT u.id, u.password_hash, m.org_id FROM users u JOIN memberships m ON m.user_id = u.id
             WHERE u.email = $1 ORDER BY m.created_at LIMIT 1",
            &[&email],
        )
        .await?;
    rows.first().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).transpose()
}

pub(crate) async fn any_organisation(db: &Db) -> Result<bool, DbError> {
    Ok(!db.read_system("SELECT FROM organisations LIMIT 1", &[]).await?.is_empty())
}

pub(crate) async fn insert_user(tx: &SystemTx, id: UserId, email: &str, name: &str, hash: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO users (id, email, name, password_hash, created_at) VALUES ($1, $2, $3, $4, $5)",
        &[&id, &email, &name, &hash, &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn insert_organisation(tx: &SystemTx, org: OrgId, name: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("INSERT INTO organisations (org_id, name, created_at) VALUES ($1, $2, $3)", &[&org, &name, &now]).await?;
    Ok(())
}

pub(crate) async fn insert_membership(tx: &SystemTx, org: OrgId, user: UserId, role: &str, now: Timestamp) -> Result<(), DbError> {
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
