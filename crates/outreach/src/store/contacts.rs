//! What a campaign does to a lead's own row: it was contacted, it replied, it wants no more mail.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{Actor, LeadId};

/// Moves leads that are in one of the statuses `from` (empty: in any other) to `to`, with the events
/// that tell of it, and notes the activity. Leads in another status only note the activity.
pub(crate) async fn move_status(tx: &TenantTx, leads: &[LeadId], from: &[&str], to: &str, by: Actor, at: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "WITH before AS (SELECT id, status FROM leads WHERE org_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE),
         moved AS (
           UPDATE leads l SET last_activity_at = greatest(l.last_activity_at, $6),
             status = CASE WHEN b.status <> $4 AND ($3::text[] = '{}' OR b.status = ANY($3)) THEN $4 ELSE b.status END,
             updated_at = CASE WHEN b.status <> $4 AND ($3::text[] = '{}' OR b.status = ANY($3)) THEN $6 ELSE l.updated_at END,
             version = l.version + CASE WHEN b.status <> $4 AND ($3::text[] = '{}' OR b.status = ANY($3)) THEN 1 ELSE 0 END
           FROM before b WHERE l.org_id = $1 AND l.id = b.id
           RETURNING l.id, b.status AS was, l.status AS now)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'lead.status_changed', 'lead', id, $5, $6, jsonb_build_object('from', was, 'to', now) FROM moved WHERE was <> now",
        &[&tx.org(), &leads, &from, &to, &by.to_string(), &at],
    )
    .await?;
    Ok(())
}
