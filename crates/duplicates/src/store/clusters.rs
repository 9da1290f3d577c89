//! Clusters: stored so that a page can list them by how sure they are.

use db::{DbError, Row, TenantTx};
use http_kit::{Cursor, Problem, Total};
use jiff::Timestamp;
use kernel::{ClusterId, LeadId};
use serde::{Deserialize, Serialize};

/// Leads that may be one person.
#[derive(Debug, Clone)]
pub(crate) struct StoredCluster {
    pub(crate) id: ClusterId,
    pub(crate) leads: Vec<LeadId>,
    pub(crate) bits: f64,
    /// A merge of some of them was taken back.
    pub(crate) by_hand: bool,
    pub(crate) found_at: Timestamp,
}

const CLUSTER: &str = "c.id, c.lead_ids, c.bits, c.by_hand, c.found_at";
/// Counted exactly up to here.
const COUNT_LIMIT: i64 = 10_000;

fn cluster(row: &Row) -> Result<StoredCluster, DbError> {
    Ok(StoredCluster {
        id: row.try_get(0)?,
        leads: row.try_get(1)?,
        bits: row.try_get(2)?,
        by_hand: row.try_get(3)?,
        found_at: row.try_get(4)?,
    })
}

pub(crate) async fn get(tx: &TenantTx, id: ClusterId) -> Result<Option<StoredCluster>, DbError> {
    let sql = format!("SELECT {CLUSTER} FROM duplicate_clusters c WHERE c.org_id = $1 AND c.id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(cluster).transpose()
}

/// The clusters that one of these leads is in.
pub(crate) async fn of(tx: &TenantTx, leads: &[LeadId]) -> Result<Vec<StoredCluster>, DbError> {
    let sql = format!(
        "SELECT {CLUSTER} FROM duplicate_clusters c WHERE c.org_id = $1
           AND c.id IN (SELECT cluster_id FROM duplicate_members m WHERE m.org_id = $1 AND m.lead_id = ANY($2))"
    );
    tx.query(&sql, &[&tx.org(), &leads]).await?.iter().map(cluster).collect()
}

pub(crate) async fn remove(tx: &TenantTx, ids: &[ClusterId]) -> Result<(), DbError> {
    if !ids.is_empty() {
        tx.execute("DELETE FROM duplicate_clusters WHERE org_id = $1 AND id = ANY($2)", &[&tx.org(), &ids]).await?;
    }
    Ok(())
}

/// Stores clusters; of one that is there already, how sure it is.
pub(crate) async fn put(tx: &TenantTx, clusters: &[StoredCluster]) -> Result<(), DbError> {
    for cluster in clusters {
        tx.execute(
            "INSERT INTO duplicate_clusters (org_id, id, lead_ids, bits, by_hand, found_at) VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT (org_id, id) DO UPDATE SET bits = excluded.bits, by_hand = excluded.by_hand",
            &[&tx.org(), &cluster.id, &cluster.leads, &cluster.bits, &cluster.by_hand, &cluster.found_at],
        )
        .await?;
        tx.execute(
            "INSERT INTO duplicate_members (org_id, lead_id, cluster_id) SELECT $1, lead_id, $3 FROM unnest($2::uuid[]) AS m (lead_id)
             ON CONFLICT (org_id, lead_id) DO UPDATE SET cluster_id = excluded.cluster_id",
            &[&tx.org(), &cluster.leads, &cluster.id],
        )
        .await?;
    }
    Ok(())
}

/// Which clusters a list shows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Which {
    pub(crate) at_least: f64,
    pub(crate) below: f64,
}

#[derive(Serialize, Deserialize)]
struct Edge {
    bits: f64,
    id: ClusterId,
    total: i64,
}

/// One page, the surest first, and where the next begins.
pub(crate) struct Page {
    pub(crate) rows: Vec<StoredCluster>,
    pub(crate) next: Option<String>,
    pub(crate) total: Total,
}

pub(crate) async fn list(tx: &TenantTx, which: Which, limit: i64, cursor: Option<&str>) -> Result<Page, Problem> {
    let edge: Option<Edge> = cursor.filter(|text| !text.is_empty()).map(Cursor::decode).transpose()?;
    let (bits, id) = edge.as_ref().map_or((f64::INFINITY, None), |edge| (edge.bits, Some(edge.id)));
    let sql = format!(
        "SELECT {CLUSTER} FROM duplicate_clusters c WHERE c.org_id = $1 AND c.bits >= $2 AND c.bits < $3
           AND ($5::uuid IS NULL OR (c.bits, c.id) < ($4, $5)) ORDER BY c.bits DESC, c.id DESC LIMIT $6"
    );
    let rows = tx.query(&sql, &[&tx.org(), &which.at_least, &which.below, &bits, &id, &(limit + 1)]).await?;
    let mut rows: Vec<StoredCluster> = rows.iter().map(cluster).collect::<Result<_, DbError>>()?;
    let total = match &edge {
        Some(edge) => edge.total,
        None => count(tx, which).await?,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more).map(|last| Cursor::encode(&Edge { bits: last.bits, id: last.id, total }));
    Ok(Page { rows, next, total: Total { value: total.min(COUNT_LIMIT), exact: total <= COUNT_LIMIT } })
}

/// How many there are, up to 10,000 and one more.
pub(crate) async fn count(tx: &TenantTx, which: Which) -> Result<i64, DbError> {
    let row = tx
        .query_one(
            "SELECT count(*) FROM (SELECT FROM duplicate_clusters c WHERE c.org_id = $1 AND c.bits >= $2 AND c.bits < $3 LIMIT $4) c",
            &[&tx.org(), &which.at_least, &which.below, &(COUNT_LIMIT + 1)],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Those of these clusters that are there.
pub(crate) async fn existing(tx: &TenantTx, ids: &[ClusterId]) -> Result<Vec<ClusterId>, DbError> {
    let rows = tx.query("SELECT id FROM duplicate_clusters WHERE org_id = $1 AND id = ANY ($2)", &[&tx.org(), &ids]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// The next clusters to merge, the surest first, `among` these or all; those in `except` have been tried.
pub(crate) async fn to_merge(
    tx: &TenantTx,
    at_least: f64,
    automatic: bool,
    among: Option<&[ClusterId]>,
    except: &[ClusterId],
    limit: i64,
) -> Result<Vec<ClusterId>, DbError> {
    let rows = tx
        .query(
            "SELECT id FROM duplicate_clusters c WHERE c.org_id = $1 AND c.bits >= $2 AND NOT (c.by_hand AND $3) AND NOT c.id = ANY ($4)
               AND ($6::uuid[] IS NULL OR c.id = ANY ($6)) ORDER BY c.bits DESC, c.id DESC LIMIT $5",
            &[&tx.org(), &at_least, &automatic, &except, &limit, &among],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
