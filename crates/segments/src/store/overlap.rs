use db::{Db, DbError, Scope, TenantTx};
use jiff::Timestamp;
use leads::Params;

use crate::{model::Overlap, population::Population};

/// How two populations share their leads, if neither has more than `limit`.
pub(crate) async fn bounded(
    db: &Db,
    scope: &Scope,
    [a, b]: [&Population; 2],
    limit: i64,
    now: Timestamp,
) -> Result<Option<Overlap>, DbError> {
    let mut p = Params::default();
    let org = p.push(scope.org());
    let sql = statement(&org, [a, b], Some(limit + 1), &mut p, now);
    let rows = db.read_planned(scope, &sql, &p.refs()).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let (in_a, in_b): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(if in_a > limit || in_b > limit { None } else { Some(Overlap::of(in_a, in_b, row.try_get(2)?)) })
}

/// The same of any size: for jobs only.
pub(crate) async fn whole(tx: &TenantTx, [a, b]: [&Population; 2], now: Timestamp) -> Result<Overlap, DbError> {
    let mut p = Params::default();
    let org = p.push(tx.org());
    let sql = statement(&org, [a, b], None, &mut p, now);
    let row = tx.query_one(&sql, &p.refs()).await?;
    Ok(Overlap::of(row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))
}

/// Each side by itself, because one condition that holds either would keep the planner from both their indexes.
fn statement(org: &str, sides: [&Population; 2], limit: Option<i64>, p: &mut Params, now: Timestamp) -> String {
    let limit = limit.map_or_else(String::new, |limit| format!(" LIMIT {limit}"));
    let [a, b] = sides.map(|side| format!("SELECT l.id FROM lead_rows l WHERE l.org_id = {org} AND {}{limit}", side.to_sql(p, now)));
    format!(
        "WITH a AS MATERIALIZED ({a}), b AS MATERIALIZED ({b})
         SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM b), (SELECT count(*) FROM a JOIN b USING (id))"
    )
}
