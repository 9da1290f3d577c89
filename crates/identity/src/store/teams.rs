use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::TeamId;
use serde::Serialize;
use utoipa::ToSchema;

/// People who work together: what the visibility `team` goes by.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Team {
    pub id: TeamId,
    pub name: String,
    /// How many people are in it.
    pub people: i64,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// All teams by name; there are [`crate::actions::teams::MOST`] at most.
pub async fn teams(tx: &TenantTx) -> Result<Vec<Team>, DbError> {
    let rows = tx
        .query(
            "SELECT t.id, t.name, (SELECT count(*) FROM memberships m WHERE m.org_id = t.org_id AND m.team_id = t.id), t.created_at
             FROM teams t WHERE t.org_id = $1 ORDER BY lower(t.name)",
            &[&tx.org()],
        )
        .await?;
    rows.iter()
        .map(|row| Ok(Team { id: row.try_get(0)?, name: row.try_get(1)?, people: row.try_get(2)?, created_at: row.try_get(3)? }))
        .collect()
}

pub(crate) async fn name(tx: &TenantTx, id: TeamId) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("SELECT name FROM teams WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub(crate) async fn insert(tx: &TenantTx, id: TeamId, name: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute("INSERT INTO teams (org_id, id, name, created_at) VALUES ($1, $2, $3, $4)", &[&tx.org(), &id, &name, &now]).await?;
    Ok(())
}

pub(crate) async fn rename(tx: &TenantTx, id: TeamId, name: &str) -> Result<(), DbError> {
    tx.execute("UPDATE teams SET name = $3 WHERE org_id = $1 AND id = $2", &[&tx.org(), &id, &name]).await?;
    Ok(())
}

/// Its people are in no team then.
pub(crate) async fn delete(tx: &TenantTx, id: TeamId) -> Result<(), DbError> {
    tx.execute("DELETE FROM teams WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}
