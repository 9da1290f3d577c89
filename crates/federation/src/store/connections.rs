//! Organisations' own identity providers.

use db::{Db, DbError, Row, SystemTx, TenantTx};
use jiff::Timestamp;
use kernel::{ConnectionId, OrgId};

/// A connection, as its organisation sees it: without the secret.
#[derive(Debug, Clone)]
pub struct Connection {
    pub id: ConnectionId,
    pub label: String,
    pub issuer: String,
    pub client_id: String,
    pub domains: Vec<String>,
    pub default_role: String,
    pub enforced: bool,
    pub created_at: Timestamp,
    /// People who have come by it.
    pub people: i64,
}

/// What signing in by it needs.
pub(crate) struct SignInRow {
    pub(crate) org: OrgId,
    pub(crate) org_name: String,
    pub(crate) label: String,
    pub(crate) issuer: String,
    pub(crate) client_id: String,
    /// Sealed.
    pub(crate) client_secret: Vec<u8>,
    pub(crate) domains: Vec<String>,
    pub(crate) default_role: String,
}

/// Where a secret is stored, for the vault.
pub(crate) fn secret_context(id: ConnectionId) -> String {
    format!("sso_connections.client_secret/{}", id.uuid())
}

pub(crate) async fn for_sign_in(db: &Db, id: ConnectionId) -> Result<Option<SignInRow>, DbError> {
    let rows = db
        .read_system(
            "SELECT c.org_id, o.name, c.label, c.issuer, c.client_id, c.client_secret, c.domains, c.default_role
             FROM sso_connections c JOIN organisations o ON o.org_id = c.org_id WHERE c.id = $1",
            &[&id],
        )
        .await?;
    rows.first()
        .map(|row| {
            Ok(SignInRow {
                org: row.try_get(0)?,
                org_name: row.try_get(1)?,
                label: row.try_get(2)?,
                issuer: row.try_get(3)?,
                client_id: row.try_get(4)?,
                client_secret: row.try_get(5)?,
                domains: row.try_get(6)?,
                default_role: row.try_get(7)?,
            })
        })
        .transpose()
}

/// The connections that people of a domain come by: which, what it is called, whose. A handful.
pub(crate) async fn of_domain(db: &Db, domain: &str) -> Result<Vec<(ConnectionId, String, String)>, DbError> {
    let rows = db
        .read_system(
            "SELECT c.id, c.label, o.name FROM sso_connections c JOIN organisations o ON o.org_id = c.org_id
             WHERE $1 = ANY(c.domains) ORDER BY o.name, c.created_at LIMIT 10",
            &[&domain],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// The connections of an organisation, for somebody who is sent to them.
pub(crate) async fn of_organisation(db: &Db, org: OrgId) -> Result<Vec<(ConnectionId, String, String)>, DbError> {
    let rows = db
        .read_system(
            "SELECT c.id, c.label, o.name FROM sso_connections c JOIN organisations o ON o.org_id = c.org_id
             WHERE c.org_id = $1 ORDER BY c.created_at LIMIT 10",
            &[&org],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

fn connection(row: &Row) -> Result<Connection, DbError> {
    Ok(Connection {
        id: row.try_get(0)?,
        label: row.try_get(1)?,
        issuer: row.try_get(2)?,
        client_id: row.try_get(3)?,
        domains: row.try_get(4)?,
        default_role: row.try_get(5)?,
        enforced: row.try_get(6)?,
        created_at: row.try_get(7)?,
        people: 0,
    })
}

/// The organisation's connections; it may have twenty.
pub async fn list(tx: &TenantTx) -> Result<Vec<Connection>, DbError> {
    let rows = tx
        .query(
            "SELECT id, label, issuer, client_id, domains, default_role, enforced, created_at FROM sso_connections
             WHERE org_id = $1 ORDER BY created_at, id LIMIT 20",
            &[&tx.org()],
        )
        .await?;
    rows.iter().map(connection).collect()
}

/// How many people have come by each of these.
pub(crate) async fn count_people(db: &Db, connections: &mut [Connection]) -> Result<(), DbError> {
    let keys: Vec<String> = connections.iter().map(|connection| format!("sso:{}", connection.id.uuid())).collect();
    let rows = db.read_system("SELECT provider, count(*) FROM identities WHERE provider = ANY($1) GROUP BY provider", &[&keys]).await?;
    for row in rows {
        let (key, people): (String, i64) = (row.try_get(0)?, row.try_get(1)?);
        if let Some(connection) = connections.iter_mut().find(|connection| format!("sso:{}", connection.id.uuid()) == key) {
            connection.people = people;
        }
    }
    Ok(())
}

pub(crate) async fn get(tx: &TenantTx, id: ConnectionId) -> Result<Option<Connection>, DbError> {
    let row = tx
        .query_opt(
            "SELECT id, label, issuer, client_id, domains, default_role, enforced, created_at FROM sso_connections
             WHERE org_id = $1 AND id = $2 FOR UPDATE",
            &[&tx.org(), &id],
        )
        .await?;
    row.as_ref().map(connection).transpose()
}

/// What is written of a connection.
pub(crate) struct Written<'a> {
    pub(crate) label: &'a str,
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    /// Sealed; `None` keeps the one there is.
    pub(crate) client_secret: Option<&'a [u8]>,
    pub(crate) domains: &'a [String],
    pub(crate) default_role: &'a str,
}

pub(crate) async fn insert(tx: &TenantTx, id: ConnectionId, new: &Written<'_>, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO sso_connections (org_id, id, label, issuer, client_id, client_secret, domains, default_role, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        &[&tx.org(), &id, &new.label, &new.issuer, &new.client_id, &new.client_secret, &new.domains, &new.default_role, &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn update(tx: &TenantTx, id: ConnectionId, new: &Written<'_>, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE sso_connections SET label = $3, issuer = $4, client_id = $5, client_secret = coalesce($6, client_secret), domains = $7,
           default_role = $8, updated_at = $9 WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &new.label, &new.issuer, &new.client_id, &new.client_secret, &new.domains, &new.default_role, &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_enforced(tx: &TenantTx, id: ConnectionId, enforced: bool, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE sso_connections SET enforced = $3, updated_at = $4 WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &enforced, &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete(tx: &TenantTx, id: ConnectionId) -> Result<(), DbError> {
    tx.execute("DELETE FROM sso_connections WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

/// Ends what a connection has opened, and forgets whom it knows: after another issuer took its place, the
/// same subject would be somebody else.
pub(crate) async fn forget_people(tx: &SystemTx, org: OrgId, id: ConnectionId) -> Result<(), DbError> {
    let key = format!("sso:{}", id.uuid());
    tx.execute(
        "DELETE FROM sessions WHERE only_org = $1 AND user_id IN (SELECT user_id FROM identities WHERE provider = $2)",
        &[&org, &key],
    )
    .await?;
    tx.execute("DELETE FROM identities WHERE provider = $1", &[&key]).await?;
    Ok(())
}

/// The domains that the organisation takes people of by itself.
pub(crate) async fn own_domains(tx: &TenantTx) -> Result<Vec<String>, DbError> {
    let rows = tx.query("SELECT domain FROM organisation_domains WHERE org_id = $1 ORDER BY domain LIMIT 200", &[&tx.org()]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
