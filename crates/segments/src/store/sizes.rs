use db::{DbError, SystemTx, TenantTx};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use kernel::{OrgId, SegmentId};
use leads::Params;

use crate::{model::Size, population::Population};

/// How long sizes are kept.
const KEPT_DAYS: i64 = 800;

/// How many leads are meant, all of them: for jobs only.
pub(crate) async fn count(tx: &TenantTx, population: &Population, now: Timestamp) -> Result<i64, DbError> {
    let mut p = Params::default();
    let org = p.push(tx.org());
    let condition = population.to_sql(&mut p, now);
    let sql = match population {
        // Every member is a lead, so none needs to be looked at.
        Population::Members(id) => {
            let row = tx.query_one("SELECT count(*) FROM segment_members WHERE org_id = $1 AND segment_id = $2", &[&tx.org(), id]).await?;
            return Ok(row.try_get(0)?);
        }
        Population::Matching(_) => format!("SELECT count(*) FROM lead_rows l WHERE l.org_id = {org} AND {condition}"),
    };
    Ok(tx.query_one(&sql, &p.refs()).await?.try_get(0)?)
}

/// Writes down the size of today, and forgets those of long ago.
pub(crate) async fn record(tx: &TenantTx, id: SegmentId, size: i64, now: Timestamp) -> Result<(), DbError> {
    let today = now.to_zoned(TimeZone::UTC).date();
    tx.execute(
        "INSERT INTO segment_sizes (org_id, segment_id, day, size, measured_at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (org_id, segment_id, day) DO UPDATE SET size = excluded.size, measured_at = excluded.measured_at",
        &[&tx.org(), &id, &today, &size, &now],
    )
    .await?;
    let oldest = today.saturating_sub(KEPT_DAYS.days());
    tx.execute("DELETE FROM segment_sizes WHERE org_id = $1 AND segment_id = $2 AND day < $3", &[&tx.org(), &id, &oldest]).await?;
    Ok(())
}

/// The sizes since `from`, the oldest first.
pub(crate) async fn history(tx: &TenantTx, id: SegmentId, from: Date) -> Result<Vec<Size>, DbError> {
    let rows = tx
        .query(
            "SELECT day, size, measured_at FROM segment_sizes WHERE org_id = $1 AND segment_id = $2 AND day >= $3 ORDER BY day",
            &[&tx.org(), &id, &from],
        )
        .await?;
    rows.iter().map(|row| Ok(Size { day: row.try_get(0)?, size: row.try_get(1)?, measured_at: row.try_get(2)? })).collect()
}

/// Segments of all organisations that are measured, in the order of their ids after `after`.
pub(crate) async fn to_measure(tx: &SystemTx, after: Option<(OrgId, SegmentId)>, limit: i64) -> Result<Vec<(OrgId, SegmentId)>, DbError> {
    let (org, id) = after.unzip();
    let rows = tx
        .query(
            "SELECT org_id, id FROM segments WHERE archived_at IS NULL AND ($1::uuid IS NULL OR (org_id, id) > ($1, $2::uuid)) ORDER BY org_id, id LIMIT $3",
            &[&org, &id, &limit],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
