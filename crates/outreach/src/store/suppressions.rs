use db::{DbError, Row, TenantTx};
use jiff::Timestamp;

use crate::model::{Suppression, SuppressionReason};

fn suppression(row: &Row) -> Result<Suppression, DbError> {
    Ok(Suppression {
        email: row.try_get("email")?,
        reason: row.try_get("reason")?,
        source: row.try_get("source")?,
        detail: row.try_get("detail")?,
        at: row.try_get("at")?,
    })
}

/// Newest first. `q` is a part of the address, `before` the `(at, email)` of the last row of the previous page.
pub async fn list(
    tx: &TenantTx,
    q: &str,
    reason: Option<SuppressionReason>,
    before: Option<(Timestamp, String)>,
    limit: i64,
) -> Result<Vec<Suppression>, DbError> {
    let pattern = leads::filter::like_contains(&q.trim().to_lowercase());
    let reason = reason.map(SuppressionReason::as_str);
    let (at, email) = before.unzip();
    let rows = tx
        .query(
            "SELECT email, reason, source, detail, at FROM suppressions
             WHERE org_id = $1 AND ($2 = '%%' OR email LIKE $2) AND ($3::text IS NULL OR reason = $3)
               AND ($4::timestamptz IS NULL OR at < $4 OR (at = $4 AND email > $5::text))
             ORDER BY at DESC, email LIMIT $6",
            &[&tx.org(), &pattern, &reason, &at, &email, &limit],
        )
        .await?;
    rows.iter().map(suppression).collect()
}

/// How many addresses there are.
pub async fn count(tx: &TenantTx) -> Result<i64, DbError> {
    Ok(tx.query_one("SELECT count(*) FROM suppressions WHERE org_id = $1", &[&tx.org()]).await?.try_get(0)?)
}

/// The suppression of this address, if there is one.
pub async fn find(tx: &TenantTx, email: &str) -> Result<Option<Suppression>, DbError> {
    let sql = "SELECT email, reason, source, detail, at FROM suppressions WHERE org_id = $1 AND email = $2";
    tx.query_opt(sql, &[&tx.org(), &email]).await?.as_ref().map(suppression).transpose()
}

/// Adds an address. An earlier reason stays, unless the new one is graver: a complaint is not forgotten
/// because its author unsubscribes, too. Returns whether anything changed.
pub(crate) async fn insert(tx: &TenantTx, new: &Suppression, lead_status: &str) -> Result<bool, DbError> {
    let touched = tx
        .execute(
            "INSERT INTO suppressions AS s (org_id, email, reason, source, detail, lead_status, at) VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (org_id, email) DO UPDATE SET reason = excluded.reason, source = excluded.source, detail = excluded.detail, at = excluded.at
             WHERE array_position(ARRAY['manual', 'bounced', 'unsubscribed', 'complained'], s.reason)
                 < array_position(ARRAY['manual', 'bounced', 'unsubscribed', 'complained'], excluded.reason)",
            &[&tx.org(), &new.email, &new.reason.as_str(), &new.source.as_str(), &new.detail, &lead_status, &new.at],
        )
        .await?;
    Ok(touched == 1)
}

/// Takes an address off the list, only if it is there for `reason` when one is named. Returns the lead's
/// status from before.
pub(crate) async fn delete(tx: &TenantTx, email: &str, reason: Option<SuppressionReason>) -> Result<Option<String>, DbError> {
    let reason = reason.map(SuppressionReason::as_str);
    let row = tx
        .query_opt(
            "DELETE FROM suppressions WHERE org_id = $1 AND email = $2 AND ($3::text IS NULL OR reason = $3) RETURNING lead_status",
            &[&tx.org(), &email, &reason],
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
