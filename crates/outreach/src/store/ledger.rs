//! Planning and claiming.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{CampaignId, LeadId, SendId, Uuid};

/// Why a send must not go out, or NULL: over `sends s`, its enrollment `e` and lead `l`. The one
/// place that decides it, used in the statement that claims and again before the call.
pub(super) const WHY_NOT: &str = "CASE
    WHEN l.id IS NULL OR l.email IS NULL THEN 'no_address'
    WHEN x.reason IS NOT NULL THEN CASE x.reason WHEN 'manual' THEN 'suppressed' ELSE x.reason END
    WHEN l.status = 'unsubscribed' THEN 'unsubscribed'
    WHEN l.status IN ('replied', 'converted', 'lost') AND l.status <> e.entered_as THEN l.status
    WHEN e.state <> 'active' THEN coalesce(nullif(e.reason, ''), 'suppressed')
  END";

/// What [`WHY_NOT`] reads.
pub(super) const WHY_NOT_FROM: &str =
    "JOIN enrollments e ON e.org_id = s.org_id AND e.campaign_id = s.campaign_id AND e.lead_id = s.lead_id
    LEFT JOIN leads l ON l.org_id = s.org_id AND l.id = s.lead_id
    LEFT JOIN suppressions x ON x.org_id = s.org_id AND x.email = l.email";

/// Writes the rows of up to `ids.len()` steps that are due into the ledger, once each. Returns how many
/// leads were due.
pub(crate) async fn plan(tx: &TenantTx, campaign: CampaignId, ids: &[SendId], now: Timestamp) -> Result<u64, DbError> {
    let limit = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    tx.execute(
        "WITH due AS MATERIALIZED (
           SELECT e.lead_id, e.step FROM enrollments e
           JOIN campaigns c ON c.org_id = e.org_id AND c.id = e.campaign_id AND c.status = 'running'
           WHERE e.org_id = $1 AND e.campaign_id = $2 AND e.state = 'active' AND e.next_at <= $3
           ORDER BY e.next_at, e.lead_id LIMIT $4 FOR UPDATE OF e SKIP LOCKED),
         numbered AS (SELECT lead_id, step, row_number() OVER () AS n FROM due),
         entered AS (
           INSERT INTO sends (org_id, id, campaign_id, step_id, step_no, lead_id, not_before, planned_at)
           SELECT $1, i.id, $2, p.id, n.step, n.lead_id, $3, $3
           FROM numbered n
           JOIN unnest($5::uuid[]) WITH ORDINALITY AS i (id, n) ON i.n = n.n
           JOIN campaign_steps p ON p.org_id = $1 AND p.campaign_id = $2 AND p.position = n.step
           ON CONFLICT ON CONSTRAINT sends_once DO NOTHING)
         UPDATE enrollments e SET next_at = NULL FROM due
         WHERE e.org_id = $1 AND e.campaign_id = $2 AND e.lead_id = due.lead_id",
        &[&tx.org(), &campaign, &now, &limit, &ids],
    )
    .await
}

/// A row that was planned, taken out of the queue.
pub(crate) struct Taken {
    pub(crate) send: SendId,
    pub(crate) lead: LeadId,
    pub(crate) step: i16,
    /// Set: it was not claimed but closed as suppressed, for this reason.
    pub(crate) why_not: Option<String>,
}

/// Takes up to `limit` planned rows that are due: those that may go out join batch `batch`, the others
/// are closed and their sequence ends, in the same statement.
pub(crate) async fn claim(tx: &TenantTx, campaign: CampaignId, batch: Uuid, limit: i64, now: Timestamp) -> Result<Vec<Taken>, DbError> {
    let sql = format!(
        "WITH due AS MATERIALIZED (
           SELECT s.id, l.email, {WHY_NOT} AS why_not
           FROM sends s
           JOIN campaigns c ON c.org_id = s.org_id AND c.id = s.campaign_id AND c.status = 'running'
             AND (c.held_until IS NULL OR c.held_until <= clock_timestamp())
           {WHY_NOT_FROM}
           WHERE s.org_id = $1 AND s.campaign_id = $2 AND s.state = 'planned' AND s.not_before <= $3
           ORDER BY s.not_before, s.id LIMIT $4 FOR UPDATE OF s SKIP LOCKED),
         taken AS (
           UPDATE sends s SET state = CASE WHEN due.why_not IS NULL THEN 'claimed' ELSE 'suppressed' END,
             reason = coalesce(due.why_not, ''), last_error = '', email = coalesce(due.email, s.email),
             batch_id = CASE WHEN due.why_not IS NULL THEN $5::uuid END, claimed_at = $3,
             attempts = s.attempts + CASE WHEN due.why_not IS NULL THEN 1 ELSE 0 END
           FROM due WHERE s.org_id = $1 AND s.id = due.id
           RETURNING s.id, s.lead_id, s.step_no, due.why_not),
         stopped AS (
           UPDATE enrollments e SET state = 'stopped', reason = taken.why_not, ended_at = $3
           FROM taken WHERE taken.why_not IS NOT NULL AND e.org_id = $1 AND e.campaign_id = $2 AND e.lead_id = taken.lead_id AND e.state = 'active')
         SELECT id, lead_id, step_no, why_not FROM taken ORDER BY id"
    );
    let rows = tx.query(&sql, &[&tx.org(), &campaign, &now, &limit, &batch]).await?;
    rows.iter()
        .map(|row| Ok(Taken { send: row.try_get(0)?, lead: row.try_get(1)?, step: row.try_get(2)?, why_not: row.try_get(3)? }))
        .collect()
}

/// The Message-IDs of the earlier mails of these leads' sequences, oldest first.
pub(crate) async fn threads(tx: &TenantTx, campaign: CampaignId, leads: &[LeadId]) -> Result<Vec<(LeadId, i16, String)>, DbError> {
    let rows = tx
        .query(
            "SELECT lead_id, step_no, message_id FROM sends
             WHERE org_id = $1 AND campaign_id = $2 AND lead_id = ANY($3) AND state = 'sent' AND message_id <> '' ORDER BY step_no",
            &[&tx.org(), &campaign, &leads],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// How many more may be claimed now under the campaign's limits, at most `wish`; and counts them as used.
pub(crate) async fn allowance(
    tx: &TenantTx,
    campaign: CampaignId,
    per_minute: Option<i32>,
    per_day: Option<i32>,
    wish: i64,
    now: Timestamp,
) -> Result<i64, DbError> {
    if per_minute.is_none() && per_day.is_none() {
        return Ok(wish);
    }
    let row = tx
        .query_one(
            "INSERT INTO campaign_pace AS p (org_id, campaign_id, minute, minute_count, day, day_count) VALUES ($1, $2, $3, 0, $3, 0)
             ON CONFLICT (org_id, campaign_id) DO UPDATE SET
               minute = CASE WHEN p.minute <= $3 - interval '1 minute' THEN $3 ELSE p.minute END,
               minute_count = CASE WHEN p.minute <= $3 - interval '1 minute' THEN 0 ELSE p.minute_count END,
               day = CASE WHEN p.day <= $3 - interval '24 hours' THEN $3 ELSE p.day END,
               day_count = CASE WHEN p.day <= $3 - interval '24 hours' THEN 0 ELSE p.day_count END
             RETURNING least($4::int - minute_count, $5::int - day_count)::bigint",
            &[&tx.org(), &campaign, &now, &per_minute, &per_day],
        )
        .await?;
    let left: i64 = row.try_get(0)?;
    Ok(left.clamp(0, wish))
}

/// Counts claims against the limits.
pub(crate) async fn spend(tx: &TenantTx, campaign: CampaignId, claimed: i32) -> Result<(), DbError> {
    tx.execute(
        "UPDATE campaign_pace SET minute_count = minute_count + $3, day_count = day_count + $3 WHERE org_id = $1 AND campaign_id = $2",
        &[&tx.org(), &campaign, &claimed],
    )
    .await?;
    Ok(())
}

/// What a campaign waits for.
pub(crate) struct Ahead {
    /// The next step or retry that becomes due (business time).
    pub(crate) due: Option<Timestamp>,
    /// When the limits allow more (business time); in the past when they do.
    pub(crate) allowed: Option<Timestamp>,
    /// Real seconds until a hold or a lease ends.
    pub(crate) seconds: Option<f64>,
}

/// Looks ahead, so that the pump sleeps until there is something to do.
pub(crate) async fn ahead(tx: &TenantTx, campaign: CampaignId, per_minute: Option<i32>, per_day: Option<i32>) -> Result<Ahead, DbError> {
    let row = tx
        .query_one(
            "SELECT
               least(
                 (SELECT min(next_at) FROM enrollments WHERE org_id = $1 AND campaign_id = $2 AND state = 'active' AND next_at IS NOT NULL),
                 (SELECT min(not_before) FROM sends WHERE org_id = $1 AND campaign_id = $2 AND state = 'planned')) AS due,
               (SELECT greatest(
                   CASE WHEN minute_count >= $3::int THEN minute + interval '1 minute' END,
                   CASE WHEN day_count >= $4::int THEN day + interval '24 hours' END)
                FROM campaign_pace WHERE org_id = $1 AND campaign_id = $2) AS allowed,
               greatest(0, extract(epoch FROM least(
                 (SELECT held_until FROM campaigns WHERE org_id = $1 AND id = $2 AND held_until > clock_timestamp()),
                 (SELECT min(leased_until) FROM send_batches WHERE org_id = $1 AND campaign_id = $2)) - clock_timestamp()))::float8 AS seconds,
               (SELECT extract(epoch FROM held_until - clock_timestamp())::float8 FROM campaigns
                WHERE org_id = $1 AND id = $2 AND held_until > clock_timestamp()) AS held",
            &[&tx.org(), &campaign, &per_minute, &per_day],
        )
        .await?;
    let held: Option<f64> = row.try_get("held")?;
    // While the provider wants a pause, what is due does not matter.
    let due = if held.is_some() { None } else { row.try_get("due")? };
    Ok(Ahead { due, allowed: row.try_get("allowed")?, seconds: row.try_get("seconds")? })
}
