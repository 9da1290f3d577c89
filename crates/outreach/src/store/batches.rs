//! Batches with their lease. Machine time throughout: the database's clock.

use db::{DbError, Json, TenantTx};
use kernel::{CampaignId, SendId, Uuid};

use super::ledger::{WHY_NOT, WHY_NOT_FROM};
use crate::sending::stored::StoredMail;

/// Stores a batch with its first lease; its messages and their rows belong together from now on.
pub(crate) async fn insert(
    tx: &TenantTx,
    campaign: CampaignId,
    id: Uuid,
    key: &str,
    transport: &str,
    mails: &[StoredMail],
    lease_seconds: f64,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO send_batches (org_id, id, campaign_id, transport, key, mails, leased_until)
         VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7))",
        &[&tx.org(), &id, &campaign, &transport, &key, &Json(mails), &lease_seconds],
    )
    .await?;
    let ids: Vec<SendId> = mails.iter().map(|mail| mail.send).collect();
    let subjects: Vec<&str> = mails.iter().map(|mail| mail.subject.as_str()).collect();
    let message_ids: Vec<&str> = mails.iter().map(|mail| mail.message_id.as_str()).collect();
    tx.execute(
        "UPDATE sends s SET subject = m.subject, message_id = m.message_id
         FROM unnest($2::uuid[], $3::text[], $4::text[]) AS m (id, subject, message_id) WHERE s.org_id = $1 AND s.id = m.id",
        &[&tx.org(), &ids, &subjects, &message_ids],
    )
    .await?;
    Ok(())
}

/// Rows of a batch that wait for their outcome.
pub(crate) async fn open(tx: &TenantTx, batch: Uuid) -> Result<Vec<SendId>, DbError> {
    let rows = tx.query("SELECT id FROM sends WHERE org_id = $1 AND batch_id = $2 AND state = 'claimed'", &[&tx.org(), &batch]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Closes the batch's open rows that must not go out after all, and ends their sequences.
pub(crate) async fn drop_suppressed(tx: &TenantTx, batch: Uuid, now: jiff::Timestamp) -> Result<(), DbError> {
    let sql = format!(
        "WITH found AS MATERIALIZED (
           SELECT s.id, s.campaign_id, s.lead_id, {WHY_NOT} AS why_not FROM sends s {WHY_NOT_FROM}
           WHERE s.org_id = $1 AND s.batch_id = $2 AND s.state = 'claimed'),
         closed AS (
           UPDATE sends s SET state = 'suppressed', reason = found.why_not, batch_id = NULL
           FROM found WHERE found.why_not IS NOT NULL AND s.org_id = $1 AND s.id = found.id AND s.state = 'claimed')
         UPDATE enrollments e SET state = 'stopped', reason = found.why_not, ended_at = $3
         FROM found WHERE found.why_not IS NOT NULL AND e.org_id = $1 AND e.campaign_id = found.campaign_id AND e.lead_id = found.lead_id
           AND e.state = 'active'"
    );
    tx.execute(&sql, &[&tx.org(), &batch, &now]).await?;
    Ok(())
}

/// Whether the batch holds a message that must not go out any more: its recipient is suppressed, or was
/// deleted and took the row along.
pub(crate) async fn must_not_repeat(tx: &TenantTx, batch: Uuid, sends: &[SendId]) -> Result<bool, DbError> {
    let sql = format!(
        "SELECT EXISTS (SELECT FROM sends s {WHY_NOT_FROM}
             WHERE s.org_id = $1 AND s.batch_id = $2 AND s.state = 'claimed' AND ({WHY_NOT}) IS NOT NULL)
           OR (SELECT count(*) FROM sends WHERE org_id = $1 AND id = ANY($3)) < cardinality($3::uuid[])"
    );
    Ok(tx.query_one(&sql, &[&tx.org(), &batch, &sends]).await?.try_get(0)?)
}

/// A batch that was never handed over, with fewer messages: so it is another one, under another key.
pub(crate) async fn recompose(tx: &TenantTx, batch: Uuid, key: &str, mails: &[StoredMail]) -> Result<(), DbError> {
    tx.execute(
        "UPDATE send_batches SET key = $3, mails = $4 WHERE org_id = $1 AND id = $2 AND tries = 0",
        &[&tx.org(), &batch, &key, &Json(mails)],
    )
    .await?;
    Ok(())
}

/// Locks the batch if the token still holds.
pub(crate) async fn lock(tx: &TenantTx, batch: Uuid, token: i64) -> Result<bool, DbError> {
    let row = tx
        .query_opt("SELECT FROM send_batches WHERE org_id = $1 AND id = $2 AND token = $3 FOR UPDATE", &[&tx.org(), &batch, &token])
        .await?;
    Ok(row.is_some())
}

/// Notes that the hand-over begins; `None` when the lease was lost, `Some(false)` when the campaign does
/// not run any more and nothing was noted.
pub(crate) async fn begin_try(tx: &TenantTx, batch: Uuid, token: i64, lease_seconds: f64) -> Result<Option<bool>, DbError> {
    let row = tx
        .query_opt(
            "UPDATE send_batches b SET leased_until = clock_timestamp() + make_interval(secs => $4),
               tries = b.tries + CASE WHEN c.status = 'running' THEN 1 ELSE 0 END,
               first_try_at = CASE WHEN c.status = 'running' THEN coalesce(b.first_try_at, clock_timestamp()) ELSE b.first_try_at END
             FROM campaigns c
             WHERE b.org_id = $1 AND b.id = $2 AND b.token = $3 AND c.org_id = b.org_id AND c.id = b.campaign_id
             RETURNING c.status = 'running'",
            &[&tx.org(), &batch, &token, &lease_seconds],
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Keeps the lease while the provider is being waited for.
pub(crate) async fn renew(tx: &TenantTx, batch: Uuid, token: i64, lease_seconds: f64) -> Result<bool, DbError> {
    let held = tx
        .execute(
            "UPDATE send_batches SET leased_until = clock_timestamp() + make_interval(secs => $4) WHERE org_id = $1 AND id = $2 AND token = $3",
            &[&tx.org(), &batch, &token, &lease_seconds],
        )
        .await?;
    Ok(held == 1)
}

/// Forgets the batch if every row of it has an outcome; else it is looked at again after so many seconds.
pub(crate) async fn close_or_wait(tx: &TenantTx, batch: Uuid, seconds: f64) -> Result<(), DbError> {
    let gone = tx
        .execute(
            "DELETE FROM send_batches b WHERE b.org_id = $1 AND b.id = $2
               AND NOT EXISTS (SELECT FROM sends s WHERE s.org_id = $1 AND s.batch_id = $2 AND s.state = 'claimed')",
            &[&tx.org(), &batch],
        )
        .await?;
    if gone == 0 {
        tx.execute(
            "UPDATE send_batches SET leased_until = clock_timestamp() + make_interval(secs => $3) WHERE org_id = $1 AND id = $2",
            &[&tx.org(), &batch, &seconds],
        )
        .await?;
    }
    Ok(())
}

/// A batch whose sender has vanished or waits for its next try.
pub(crate) struct Lost {
    pub(crate) id: Uuid,
    pub(crate) key: String,
    pub(crate) mails: Vec<StoredMail>,
    pub(crate) token: i64,
    pub(crate) tries: i32,
    pub(crate) transport: String,
    /// Since the first hand-over began.
    pub(crate) age_seconds: f64,
}

/// Takes over up to `limit` batches whose lease has ended; the former holder can record nothing more.
pub(crate) async fn take_over(tx: &TenantTx, campaign: CampaignId, limit: i64, lease_seconds: f64) -> Result<Vec<Lost>, DbError> {
    let rows = tx
        .query(
            "UPDATE send_batches b SET token = b.token + 1, leased_until = clock_timestamp() + make_interval(secs => $4)
             FROM (SELECT id FROM send_batches WHERE org_id = $1 AND campaign_id = $2 AND leased_until < clock_timestamp()
                   ORDER BY leased_until LIMIT $3 FOR UPDATE SKIP LOCKED) AS ended
             WHERE b.org_id = $1 AND b.id = ended.id
             RETURNING b.id, b.key, b.mails, b.token, b.tries, b.transport,
               coalesce(extract(epoch FROM clock_timestamp() - b.first_try_at), 0)::float8",
            &[&tx.org(), &campaign, &limit, &lease_seconds],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let Json(mails) = row.try_get::<_, Json<Vec<StoredMail>>>(2)?;
            Ok(Lost {
                id: row.try_get(0)?,
                key: row.try_get(1)?,
                mails,
                token: row.try_get(3)?,
                tries: row.try_get(4)?,
                transport: row.try_get(5)?,
                age_seconds: row.try_get(6)?,
            })
        })
        .collect()
}
