use db::{DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{SegmentId, UserId};
use leads::Filter;
use serde_json::Value;

use crate::model::{Kind, Segment, Size};

/// With the last measurement, which whoever sees some leads only does not see.
const FROM: &str = "segments s LEFT JOIN LATERAL (
     SELECT z.day, z.size, z.measured_at FROM segment_sizes z WHERE z.org_id = s.org_id AND z.segment_id = s.id ORDER BY z.day DESC LIMIT 1
   ) z ON true";
const COLUMNS: &str = "s.id, s.name, s.description, s.kind, s.filter, s.owner_id, s.archived_at, s.created_at, s.updated_at, s.version, \
    z.day, z.size, z.measured_at";

fn segment(row: &Row) -> Result<Segment, DbError> {
    let kind: &str = row.try_get(3)?;
    let filter: Option<Value> = row.try_get(4)?;
    let day = row.try_get::<_, Option<jiff::civil::Date>>(10)?;
    let size = match day {
        Some(day) => Some(Size { day, size: row.try_get(11)?, measured_at: row.try_get(12)? }),
        None => None,
    };
    Ok(Segment {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        description: row.try_get(2)?,
        kind: if kind == "fixed" { Kind::Fixed } else { Kind::Dynamic },
        filter: filter.and_then(|filter| Filter::try_from(filter).ok()),
        owner_id: row.try_get(5)?,
        archived_at: row.try_get(6)?,
        created_at: row.try_get(7)?,
        updated_at: row.try_get(8)?,
        version: row.try_get(9)?,
        size,
    })
}

/// One segment, if it is this organisation's.
pub async fn get(tx: &TenantTx, id: SegmentId) -> Result<Option<Segment>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE s.org_id = $1 AND s.id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(segment).transpose()
}

/// The same, locked against other changes until the transaction ends.
pub(crate) async fn lock(tx: &TenantTx, id: SegmentId) -> Result<Option<Segment>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM {FROM} WHERE s.org_id = $1 AND s.id = $2 FOR NO KEY UPDATE OF s");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(segment).transpose()
}

/// Nobody else changes filters that name segments until the transaction ends: two changes at once could make two segments of each
/// other, where each by itself is right.
pub(crate) async fn lock_filters(tx: &TenantTx) -> Result<(), DbError> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('segments.filters:' || $1::uuid::text, 0))", &[&tx.org()]).await?;
    Ok(())
}

/// The last changed first, after the `(updated_at, id)` of the last one seen; `q` looks in the name.
pub(crate) async fn list(
    tx: &TenantTx,
    archived: bool,
    q: &str,
    after: Option<(Timestamp, SegmentId)>,
    limit: i64,
) -> Result<Vec<Segment>, DbError> {
    let (at, id) = after.unzip();
    let pattern = leads::filter::like_contains(&q.trim().to_lowercase());
    let sql = format!(
        "SELECT {COLUMNS} FROM {FROM}
         WHERE s.org_id = $1 AND (s.archived_at IS NOT NULL) = $2 AND ($3 = '%%' OR lower(s.name) LIKE $3)
           AND ($4::timestamptz IS NULL OR (s.updated_at, s.id) < ($4, $5::uuid))
         ORDER BY s.updated_at DESC, s.id DESC LIMIT $6"
    );
    tx.query(&sql, &[&tx.org(), &archived, &pattern, &at, &id, &limit]).await?.iter().map(segment).collect()
}

/// What a menu offers: the first 200 by name that are not archived, of one kind or of both.
pub async fn choices(tx: &TenantTx, kind: Option<Kind>) -> Result<Vec<(SegmentId, String)>, DbError> {
    let sql = "SELECT id, name FROM segments WHERE org_id = $1 AND archived_at IS NULL AND ($2::text IS NULL OR kind = $2) ORDER BY lower(name) LIMIT 200";
    let rows = tx.query(sql, &[&tx.org(), &kind.map(Kind::as_str)]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The parts of a segment that people decide.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Content {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) filter: Option<Filter>,
    pub(crate) owner_id: Option<UserId>,
    pub(crate) archived_at: Option<Timestamp>,
}

pub(crate) async fn insert(tx: &TenantTx, id: SegmentId, kind: Kind, content: &Content, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO segments (org_id, id, name, description, kind, filter, owner_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        &[&tx.org(), &id, &content.name, &content.description, &kind.as_str(), &json(content), &content.owner_id, &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn update(tx: &TenantTx, id: SegmentId, content: &Content, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE segments SET name = $3, description = $4, filter = $5, owner_id = $6, archived_at = $7, updated_at = $8, version = version + 1
         WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &content.name, &content.description, &json(content), &content.owner_id, &content.archived_at, &now],
    )
    .await?;
    Ok(())
}

fn json(content: &Content) -> Option<Value> {
    content.filter.clone().map(Value::from)
}

/// Deletes it with its members and sizes; a use of it is an error of constraint `segment_uses_segment_fkey`.
pub(crate) async fn delete(tx: &TenantTx, id: SegmentId) -> Result<(), DbError> {
    tx.execute("DELETE FROM segments WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

/// A name that is free: `wanted`, else `wanted 2`, `wanted 3` …
pub(crate) async fn free_name(tx: &TenantTx, wanted: &str) -> Result<String, DbError> {
    let wanted: String = wanted.chars().take(95).collect();
    let row = tx
        .query_one(
            "SELECT coalesce(min(n), 1) FROM generate_series(1, 1000) n
             WHERE NOT EXISTS (SELECT FROM segments s WHERE s.org_id = $1
               AND lower(s.name) = lower(CASE n WHEN 1 THEN $2::text ELSE $2::text || ' ' || n END))",
            &[&tx.org(), &wanted],
        )
        .await?;
    let n: i32 = row.try_get(0)?;
    Ok(if n <= 1 { wanted } else { format!("{wanted} {n}") })
}
