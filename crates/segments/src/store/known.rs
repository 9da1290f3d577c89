use db::{DbError, TenantTx};
use kernel::SegmentId;
use leads::{
    Filter,
    filter::{KnownSegment, KnownSegments, MAX_SEGMENTS_DEEP, Means},
};
use serde_json::Value;

/// Segments that a menu offers.
const OFFERED: i64 = 200;

/// Those of `ids` that are there, and those that their filters name, as deep as segments may be made of segments.
pub(crate) async fn reachable(tx: &TenantTx, ids: &[SegmentId]) -> Result<KnownSegments, DbError> {
    let mut known = KnownSegments::default();
    let mut wanted = ids.to_vec();
    for _ in 0..=MAX_SEGMENTS_DEEP {
        if wanted.is_empty() {
            break;
        }
        let sql = "SELECT id, name, kind, filter FROM segments WHERE org_id = $1 AND id = ANY ($2)";
        let rows = tx.query(sql, &[&tx.org(), &wanted]).await?;
        wanted.clear();
        for row in &rows {
            let (kind, filter): (&str, Option<Value>) = (row.try_get(2)?, row.try_get(3)?);
            let means = match filter {
                None if kind == "fixed" => Some(Means::Members),
                filter => filter.and_then(|filter| Filter::try_from(filter).ok()).map(Means::Matching),
            };
            if let Some(Means::Matching(filter)) = &means {
                wanted.extend(filter.segments());
            }
            known.insert(row.try_get(0)?, KnownSegment { name: row.try_get(1)?, means });
        }
        wanted.retain(|id| known.get(*id).is_none());
    }
    Ok(known)
}

/// The first segments by name that are not archived, and those of `named`, archived or not.
pub async fn offered(tx: &TenantTx, named: &[SegmentId]) -> Result<Vec<(SegmentId, String)>, DbError> {
    let sql = "SELECT id, name FROM segments WHERE org_id = $1 AND (archived_at IS NULL OR id = ANY ($2))
         ORDER BY (id = ANY ($2)) DESC, lower(name) LIMIT $3";
    let rows = tx.query(sql, &[&tx.org(), &named, &OFFERED]).await?;
    let mut offered =
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect::<Result<Vec<(SegmentId, String)>, DbError>>()?;
    offered.sort_by_key(|(_, name)| name.to_lowercase());
    Ok(offered)
}
