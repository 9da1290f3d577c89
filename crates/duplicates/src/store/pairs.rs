//! Pairs of leads that may be one, and what was decided about them.

use db::{DbError, Json, Row, TenantTx};
use jiff::Timestamp;
use kernel::{LeadId, UserId};

use crate::model::{Decision, Evidence};

/// Decisions that the correction is learned from: the newest.
const REMEMBERED: i64 = 2000;

/// A pair as it is stored; `low < high`.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) low: LeadId,
    pub(crate) high: LeadId,
    pub(crate) bits: f64,
    pub(crate) evidence: Vec<Evidence>,
    /// `merged`, `rejected`, or empty.
    pub(crate) decision: String,
}

const PAIR: &str = "low, high, bits, evidence, decision";

fn pair(row: &Row) -> Result<Pair, DbError> {
    let Json(evidence) = row.try_get(3)?;
    Ok(Pair { low: row.try_get(0)?, high: row.try_get(1)?, bits: row.try_get(2)?, evidence, decision: row.try_get(4)? })
}

/// Takes out the undecided pairs of these leads; with `as_high` only those in which they are the greater one.
pub(crate) async fn forget(tx: &TenantTx, ids: &[LeadId], as_high: bool) -> Result<(), DbError> {
    tx.execute("DELETE FROM duplicate_pairs WHERE org_id = $1 AND high = ANY($2) AND decision = ''", &[&tx.org(), &ids]).await?;
    if !as_high {
        tx.execute("DELETE FROM duplicate_pairs WHERE org_id = $1 AND low = ANY($2) AND decision = ''", &[&tx.org(), &ids]).await?;
    }
    Ok(())
}

/// Stores what comparisons have found; what was decided stays decided.
pub(crate) async fn put(tx: &TenantTx, pairs: &[Pair]) -> Result<(), DbError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let low: Vec<LeadId> = pairs.iter().map(|pair| pair.low).collect();
    let high: Vec<LeadId> = pairs.iter().map(|pair| pair.high).collect();
    let bits: Vec<f64> = pairs.iter().map(|pair| pair.bits).collect();
    let evidence: Vec<Json<&[Evidence]>> = pairs.iter().map(|pair| Json(pair.evidence.as_slice())).collect();
    tx.execute(
        "INSERT INTO duplicate_pairs AS p (org_id, low, high, bits, evidence)
         SELECT $1, * FROM unnest($2::uuid[], $3::uuid[], $4::double precision[], $5::jsonb[])
         ON CONFLICT (org_id, low, high) DO UPDATE SET bits = excluded.bits, evidence = excluded.evidence WHERE p.decision = ''",
        &[&tx.org(), &low, &high, &bits, &evidence],
    )
    .await?;
    Ok(())
}

/// Every pair of which one lead is among `ids`.
pub(crate) async fn of(tx: &TenantTx, ids: &[LeadId]) -> Result<Vec<Pair>, DbError> {
    let sql = format!(
        "SELECT {PAIR} FROM duplicate_pairs WHERE org_id = $1 AND low = ANY($2)
         UNION SELECT {PAIR} FROM duplicate_pairs WHERE org_id = $1 AND high = ANY($2)"
    );
    tx.query(&sql, &[&tx.org(), &ids]).await?.iter().map(pair).collect()
}

/// The pairs within a group.
pub(crate) async fn within(tx: &TenantTx, ids: &[LeadId]) -> Result<Vec<Pair>, DbError> {
    let sql =
        format!("SELECT {PAIR} FROM duplicate_pairs WHERE org_id = $1 AND low = ANY($2) AND high = ANY($2) ORDER BY bits DESC, low, high");
    tx.query(&sql, &[&tx.org(), &ids]).await?.iter().map(pair).collect()
}

/// Writes down a decision about every stored pair within a group.
pub(crate) async fn decide_within(
    tx: &TenantTx,
    ids: &[LeadId],
    decision: &str,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "UPDATE duplicate_pairs SET decision = $3, decided_by = $4, decided_at = $5
         WHERE org_id = $1 AND low = ANY($2) AND high = ANY($2) AND decision <> 'rejected'",
        &[&tx.org(), &ids, &decision, &by, &now],
    )
    .await?;
    Ok(())
}

/// Writes down that these pairs are two people each.
pub(crate) async fn reject(tx: &TenantTx, pairs: &[Pair], by: Option<UserId>, now: Timestamp) -> Result<(), DbError> {
    put(tx, pairs).await?;
    let low: Vec<LeadId> = pairs.iter().map(|pair| pair.low).collect();
    let high: Vec<LeadId> = pairs.iter().map(|pair| pair.high).collect();
    tx.execute(
        "UPDATE duplicate_pairs p SET decision = 'rejected', decided_by = $4, decided_at = $5
         FROM unnest($2::uuid[], $3::uuid[]) AS d (low, high) WHERE p.org_id = $1 AND p.low = d.low AND p.high = d.high",
        &[&tx.org(), &low, &high, &by, &now],
    )
    .await?;
    Ok(())
}

/// The newest decisions that people made.
pub(crate) async fn decisions(tx: &TenantTx) -> Result<Vec<Decision>, DbError> {
    let rows = tx
        .query(
            "SELECT bits, decision = 'merged' FROM duplicate_pairs
             WHERE org_id = $1 AND decision <> '' AND decided_by IS NOT NULL ORDER BY decided_at DESC LIMIT $2",
            &[&tx.org(), &REMEMBERED],
        )
        .await?;
    rows.iter().map(|row| Ok(Decision { bits: row.try_get(0)?, accepted: row.try_get(1)? })).collect()
}
