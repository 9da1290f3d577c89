use db::{DbError, SystemTx, TenantTx};
use jiff::Timestamp;
use kernel::{OrgId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// A domain whose people join by themselves.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Domain {
    pub domain: String,
    /// The role that they get.
    pub role: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// All of them by name; there are [`crate::actions::domains::MOST`] at most.
pub async fn domains(tx: &TenantTx) -> Result<Vec<Domain>, DbError> {
    let rows =
        tx.query("SELECT domain, role, created_at FROM organisation_domains WHERE org_id = $1 ORDER BY domain", &[&tx.org()]).await?;
    rows.iter().map(|row| Ok(Domain { domain: row.try_get(0)?, role: row.try_get(1)?, created_at: row.try_get(2)? })).collect()
}

/// Fails on `organisation_domains_domain_key` when another organisation has it.
pub(crate) async fn put(tx: &TenantTx, domain: &str, role: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO organisation_domains (org_id, domain, role, created_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (org_id, domain) DO UPDATE SET role = excluded.role",
        &[&tx.org(), &domain, &role, &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn delete(tx: &TenantTx, domain: &str) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM organisation_domains WHERE org_id = $1 AND domain = $2", &[&tx.org(), &domain]).await? == 1)
}

/// The organisation that people of this domain join, and their role there. Not for somebody who was
/// removed from it or left it: only an invitation brings them back.
pub(crate) async fn open_to(tx: &SystemTx, user: UserId, domain: &str) -> Result<Option<(OrgId, String)>, DbError> {
    let row = tx
        .query_opt(
            "SELECT d.org_id, d.role FROM organisation_domains d
             WHERE d.domain = $2 AND NOT EXISTS (SELECT FROM memberships m WHERE m.org_id = d.org_id AND m.user_id = $1)
               AND NOT EXISTS (SELECT FROM events e WHERE e.org_id = d.org_id AND e.subject_id = $1 AND e.kind IN ('member.removed', 'member.left'))",
            &[&user, &domain],
        )
        .await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}
