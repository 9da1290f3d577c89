//! What a rejection has changed: its event tells, so that it can be taken back.

use db::{DbError, Json, TenantTx};
use jiff::Timestamp;
use kernel::{ClusterId, LeadId, UserId};
use serde::{Deserialize, Serialize};

/// What the event `duplicates.rejected` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rejection {
    /// All leads of the cluster.
    pub(crate) leads: Vec<LeadId>,
    /// The one that was none of the others; `None`: all were different people.
    pub(crate) only: Option<LeadId>,
    /// When the cluster was found.
    #[serde(default)]
    pub(crate) found_at: Option<Timestamp>,
    /// Pairs of which a merge was undone before: that is what they are again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) merged: Vec<Merged>,
}

/// A pair that was merged, and parted again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Merged {
    pub(crate) low: LeadId,
    pub(crate) high: LeadId,
    /// `None`: automatically.
    pub(crate) by: Option<UserId>,
    pub(crate) at: Option<Timestamp>,
}

/// The newest rejection of this cluster, and when it was made.
pub(crate) async fn newest(tx: &TenantTx, cluster: ClusterId) -> Result<Option<(Rejection, Timestamp)>, DbError> {
    let row = tx
        .query_opt(
            "SELECT payload, at FROM events
             WHERE org_id = $1 AND subject_id = $2 AND subject_type = 'cluster' AND kind = 'duplicates.rejected' ORDER BY seq DESC LIMIT 1",
            &[&tx.org(), &cluster],
        )
        .await?;
    row.map(|row| {
        let Json(rejection) = row.try_get::<_, Json<Rejection>>(0)?;
        Ok((rejection, row.try_get(1)?))
    })
    .transpose()
}

/// The pairs among these leads of which a merge was undone.
pub(crate) async fn merged_within(tx: &TenantTx, ids: &[LeadId]) -> Result<Vec<Merged>, DbError> {
    let rows = tx
        .query(
            "SELECT low, high, decided_by, decided_at FROM duplicate_pairs
             WHERE org_id = $1 AND low = ANY($2) AND high = ANY($2) AND decision = 'merged' ORDER BY low, high",
            &[&tx.org(), &ids],
        )
        .await?;
    rows.iter().map(|row| Ok(Merged { low: row.try_get(0)?, high: row.try_get(1)?, by: row.try_get(2)?, at: row.try_get(3)? })).collect()
}

/// Makes what was rejected at `at` undecided again, or merged and parted where it was that; what somebody has decided
/// since stays. Returns how many pairs that were.
pub(crate) async fn take_back(tx: &TenantTx, rejection: &Rejection, at: Timestamp) -> Result<u64, DbError> {
    let low: Vec<LeadId> = rejection.merged.iter().map(|pair| pair.low).collect();
    let high: Vec<LeadId> = rejection.merged.iter().map(|pair| pair.high).collect();
    let by: Vec<Option<UserId>> = rejection.merged.iter().map(|pair| pair.by).collect();
    let when: Vec<Option<Timestamp>> = rejection.merged.iter().map(|pair| pair.at).collect();
    let parted = tx
        .execute(
            "UPDATE duplicate_pairs p SET decision = 'merged', decided_by = m.by, decided_at = m.at
             FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::timestamptz[]) AS m (low, high, by, at)
             WHERE p.org_id = $1 AND p.low = m.low AND p.high = m.high AND p.decision = 'rejected' AND p.decided_at = $6",
            &[&tx.org(), &low, &high, &by, &when, &at],
        )
        .await?;
    let undecided = tx
        .execute(
            "UPDATE duplicate_pairs SET decision = '', decided_by = NULL, decided_at = NULL
             WHERE org_id = $1 AND low = ANY($2) AND high = ANY($2) AND ($3::uuid IS NULL OR low = $3 OR high = $3)
               AND decision = 'rejected' AND decided_at = $4",
            &[&tx.org(), &rejection.leads, &rejection.only, &at],
        )
        .await?;
    Ok(parted + undecided)
}
