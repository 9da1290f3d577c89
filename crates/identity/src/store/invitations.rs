use db::{Db, DbError, Row, SystemTx, TenantTx};
use jiff::{SignedDuration, Timestamp};
use kernel::{InvitationId, OrgId, TeamId, UserId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

/// A place in the organisation that waits for somebody with this address.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Invitation {
    pub id: InvitationId,
    pub email: String,
    /// The role that they will have.
    pub role: String,
    pub team_id: Option<TeamId>,
    /// Who sent it.
    pub invited_by: UserId,
    pub invited_by_name: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The link in the letter works until then.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// An invitation about to be sent.
pub(crate) struct NewInvitation<'a> {
    pub(crate) email: &'a str,
    pub(crate) role: &'a str,
    pub(crate) team: Option<TeamId>,
    pub(crate) token_hash: [u8; 32],
    pub(crate) invited_by: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
}

/// What whoever holds the link may know of it.
#[derive(Debug, Clone)]
pub(crate) struct Opened {
    pub(crate) id: InvitationId,
    pub(crate) org: OrgId,
    pub(crate) organisation: String,
    pub(crate) email: String,
    pub(crate) role: String,
    /// As people read it; empty when the role is gone.
    pub(crate) role_name: String,
    pub(crate) team: Option<TeamId>,
    pub(crate) invited_by: UserId,
    pub(crate) inviter: String,
    /// Whether somebody has an account with this address.
    pub(crate) known: bool,
}

const COLUMNS: &str = "i.id, i.email, i.role, i.team_id, i.invited_by, m.name, i.created_at, i.expires_at";

fn invitation(row: &Row) -> Result<Invitation, DbError> {
    Ok(Invitation {
        id: row.try_get(0)?,
        email: row.try_get(1)?,
        role: row.try_get(2)?,
        team_id: row.try_get(3)?,
        invited_by: row.try_get(4)?,
        invited_by_name: row.try_get(5)?,
        created_at: row.try_get(6)?,
        expires_at: row.try_get(7)?,
    })
}

/// Those that wait, the newest first.
pub(crate) async fn list(tx: &TenantTx, before: Option<(Timestamp, InvitationId)>, limit: i64) -> Result<Vec<Invitation>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM invitations i JOIN members m ON m.org_id = i.org_id AND m.user_id = i.invited_by
         WHERE i.org_id = $1 AND ($2::timestamptz IS NULL OR (i.created_at, i.id) < ($2, $3::uuid)) ORDER BY i.created_at DESC, i.id DESC LIMIT $4"
    );
    let rows = tx.query(&sql, &[&tx.org(), &before.map(|(at, _)| at), &before.map(|(_, id)| id), &limit]).await?;
    rows.iter().map(invitation).collect()
}

pub(crate) async fn get(tx: &TenantTx, id: InvitationId) -> Result<Option<Invitation>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM invitations i JOIN members m ON m.org_id = i.org_id AND m.user_id = i.invited_by
         WHERE i.org_id = $1 AND i.id = $2"
    );
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(invitation).transpose()
}

pub(crate) async fn count(tx: &TenantTx) -> Result<i64, DbError> {
    Ok(tx.query_one("SELECT count(*) FROM invitations WHERE org_id = $1", &[&tx.org()]).await?.try_get(0)?)
}

/// Those that wait for these addresses: (address, role).
pub(crate) async fn waiting(tx: &TenantTx, emails: &[String]) -> Result<Vec<(String, String)>, DbError> {
    let rows = tx.query("SELECT email, role FROM invitations WHERE org_id = $1 AND email = ANY($2)", &[&tx.org(), &emails]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// One address waits for one place: inviting it again replaces what it was invited to, and the link.
pub(crate) async fn put(tx: &TenantTx, new: &NewInvitation<'_>) -> Result<InvitationId, DbError> {
    let row = tx
        .query_one(
            "INSERT INTO invitations (org_id, id, email, role, team_id, token_hash, invited_by, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (org_id, email) DO UPDATE SET role = excluded.role, team_id = excluded.team_id, token_hash = excluded.token_hash,
               invited_by = excluded.invited_by, created_at = excluded.created_at, expires_at = excluded.expires_at
             RETURNING id",
            &[
                &tx.org(),
                &InvitationId::new(),
                &new.email,
                &new.role,
                &new.team,
                &new.token_hash.as_slice(),
                &new.invited_by,
                &new.created_at,
                &new.expires_at,
            ],
        )
        .await?;
    Ok(row.try_get(0)?)
}

pub(crate) async fn delete(tx: &TenantTx, id: InvitationId) -> Result<(), DbError> {
    tx.execute("DELETE FROM invitations WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

const OPENED: &str = "SELECT i.id, i.org_id, o.name, i.email, i.role, r.name, i.team_id, i.invited_by, u.name,
        EXISTS (SELECT FROM users k WHERE k.email = i.email), i.token_hash
     FROM invitations i JOIN organisations o ON o.org_id = i.org_id JOIN users u ON u.id = i.invited_by
     LEFT JOIN roles r ON r.org_id = i.org_id AND r.id = CASE WHEN i.role LIKE 'role\\_%' THEN substr(i.role, 6)::uuid END";

/// The invitation behind a link that is good now.
pub(crate) async fn open(db: &Db, token_hash: &[u8; 32], now: Timestamp) -> Result<Option<Opened>, DbError> {
    let sql = format!("{OPENED} WHERE i.token_hash = $1 AND i.expires_at > $2");
    let rows = db.read_system(&sql, &[&token_hash.as_slice(), &now]).await?;
    rows.first().map(opened).transpose()
}

/// Those that wait for somebody who has proved this address, each with its link's hash; the first 50.
pub(crate) async fn of_address(db: &Db, email: &str, now: Timestamp) -> Result<Vec<(Opened, [u8; 32])>, DbError> {
    let sql = format!("{OPENED} WHERE i.email = $1 AND i.expires_at > $2 ORDER BY i.created_at DESC, i.id LIMIT 50");
    let rows = db.read_system(&sql, &[&email, &now]).await?;
    rows.iter()
        .map(|row| {
            let hash: Vec<u8> = row.try_get(10)?;
            let hash = hash.try_into().map_err(|_| DbError::Config("an invitation's hash is not one".to_owned()))?;
            Ok((opened(row)?, hash))
        })
        .collect()
}

fn opened(row: &Row) -> Result<Opened, DbError> {
    let (role, custom): (String, Option<String>) = (row.try_get(4)?, row.try_get(5)?);
    let role_name = role.parse::<crate::Role>().map_or(custom.unwrap_or_default(), |role| role.label().to_owned());
    Ok(Opened {
        id: row.try_get(0)?,
        org: row.try_get(1)?,
        organisation: row.try_get(2)?,
        email: row.try_get(3)?,
        role,
        role_name,
        team: row.try_get(6)?,
        invited_by: row.try_get(7)?,
        inviter: row.try_get(8)?,
        known: row.try_get(9)?,
    })
}

/// Uses an invitation up; `false` when somebody else just has.
pub(crate) async fn use_up(tx: &SystemTx, token_hash: &[u8; 32], now: Timestamp) -> Result<bool, DbError> {
    let gone = tx.execute("DELETE FROM invitations WHERE token_hash = $1 AND expires_at > $2", &[&token_hash.as_slice(), &now]).await?;
    Ok(gone == 1)
}

/// The invitation, if this link is the one that opens it.
pub(crate) async fn of_token(tx: &TenantTx, id: InvitationId, token: &str) -> Result<Option<Invitation>, DbError> {
    let hash: [u8; 32] = Sha256::digest(token.as_bytes()).into();
    let sql = format!(
        "SELECT {COLUMNS} FROM invitations i JOIN members m ON m.org_id = i.org_id AND m.user_id = i.invited_by
         WHERE i.org_id = $1 AND i.id = $2 AND i.token_hash = $3"
    );
    tx.query_opt(&sql, &[&tx.org(), &id, &hash.as_slice()]).await?.as_ref().map(invitation).transpose()
}

/// Forgets those whose link has not worked for a month; until then they can be sent again.
pub(crate) async fn delete_forgotten(db: &Db, now: Timestamp) -> Result<u64, DbError> {
    let old = now.checked_sub(SignedDuration::from_hours(30 * 24)).unwrap_or(Timestamp::MIN);
    let tx = db.system().await?;
    let gone = tx.execute("DELETE FROM invitations WHERE expires_at < $1", &[&old]).await?;
    tx.commit().await?;
    Ok(gone)
}
