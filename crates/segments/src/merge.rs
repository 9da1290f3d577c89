use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::LeadId;

/// Puts lead `to` into the fixed segments that `from` is in, for a merge; the membership of `from` goes with it.
pub async fn move_lead(tx: &TenantTx, from: LeadId, to: LeadId, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO segment_members (org_id, segment_id, lead_id, added_at)
         SELECT org_id, segment_id, $3, $4 FROM segment_members WHERE org_id = $1 AND lead_id = $2
         ON CONFLICT DO NOTHING",
        &[&tx.org(), &from, &to, &now],
    )
    .await?;
    Ok(())
}
