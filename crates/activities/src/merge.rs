use db::{DbError, TenantTx};
use kernel::LeadId;

/// Gives the notes and tasks of lead `from` to `to`, for a merge.
pub async fn move_lead(tx: &TenantTx, from: LeadId, to: LeadId) -> Result<(), DbError> {
    tx.execute("UPDATE notes SET lead_id = $3 WHERE org_id = $1 AND lead_id = $2", &[&tx.org(), &from, &to]).await?;
    tx.execute("UPDATE tasks SET lead_id = $3 WHERE org_id = $1 AND lead_id = $2", &[&tx.org(), &from, &to]).await?;
    Ok(())
}
