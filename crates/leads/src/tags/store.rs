//! Every SQL statement about tags as such.

use db::{Db, DbError, Scope, TenantTx};
use jiff::Timestamp;

use super::{AT_ONCE, MOST, Tag, Tags};

/// The tags of the newest leads, and how many leads were looked at: one more than [`AT_ONCE`] where there are more.
pub(super) async fn of_newest(db: &Db, scope: &Scope) -> Result<(i64, Vec<Tag>), DbError> {
    let sql = format!(
        "WITH few AS MATERIALIZED (SELECT l.tags FROM lead_rows l WHERE l.org_id = $1 ORDER BY l.created_at DESC, l.id DESC LIMIT {}),
              frequent AS (SELECT t.tag, count(*) AS n FROM few, unnest(few.tags) t (tag) GROUP BY t.tag ORDER BY n DESC, t.tag LIMIT {MOST})
         SELECT (SELECT count(*) FROM few), f.tag, f.n FROM (SELECT 1) one LEFT JOIN frequent f ON true ORDER BY lower(f.tag), f.tag",
        AT_ONCE + 1
    );
    let rows = db.read(scope, &sql, &[&scope.org()]).await?;
    let looked_at = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    let tag = |row: &db::Row| -> Result<Option<Tag>, DbError> {
        let tag: Option<String> = row.try_get(1)?;
        tag.map(|tag| Ok(Tag { tag, leads: row.try_get(2)? })).transpose()
    };
    Ok((looked_at, rows.iter().filter_map(|row| tag(row).transpose()).collect::<Result<_, _>>()?))
}

/// The tags as of the last count; nothing where none was made, or there was nothing to count.
pub(super) async fn counted(db: &Db, scope: &Scope) -> Result<Option<Tags>, DbError> {
    let sql = format!("SELECT t.tag, t.leads, t.counted_at FROM lead_tags t WHERE t.org_id = $1 ORDER BY lower(t.tag), t.tag LIMIT {MOST}");
    let rows = db.read(scope, &sql, &[&scope.org()]).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let counted_at: Timestamp = first.try_get(2)?;
    let data = rows.iter().map(|row| Ok(Tag { tag: row.try_get(0)?, leads: row.try_get(1)? })).collect::<Result<_, DbError>>()?;
    Ok(Some(Tags { data, complete: true, counted_at }))
}

/// Counts the tags of all leads anew.
pub(super) async fn count(tx: &TenantTx, now: Timestamp) -> Result<(), DbError> {
    tx.execute("DELETE FROM lead_tags WHERE org_id = $1", &[&tx.org()]).await?;
    tx.execute(
        "INSERT INTO lead_tags (org_id, tag, leads, counted_at)
         SELECT $1, t.tag, count(*), $2 FROM leads l, unnest(l.tags) t (tag) WHERE l.org_id = $1 GROUP BY t.tag ORDER BY count(*) DESC, t.tag LIMIT $3",
        &[&tx.org(), &now, &MOST],
    )
    .await?;
    Ok(())
}
