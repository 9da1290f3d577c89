//! How many leads are meant.

use std::time::Duration;

use db::{Db, DbError, Scope};
use http_kit::{App, Total};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::COUNT_LIMIT;
use crate::{
    filter::{Filter, Params},
    search::{self, Way},
};

/// How long a count may be used again.
const COUNT_TTL: Duration = Duration::from_secs(10);

/// A total, and the newest event of the organisation when it was counted: every change writes one.
/// It is kept for [`COUNT_TTL`] only, because numbers of events are not given in the order of commits
/// and because filters may speak of the present time.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Counted {
    seq: Option<i64>,
    total: i64,
}

/// The total of a list, exact up to [`COUNT_LIMIT`]: counted unless nothing has happened since the last time. Not so for
/// whoever sees some leads only: a change that takes a lead from them writes no event that they see.
pub(super) async fn total(app: &App, scope: &Scope, filter: &Filter, q: &str) -> Result<Total, DbError> {
    if !scope.sees_everything() {
        return count(&app.db, scope, filter, q, COUNT_LIMIT, app.clock.now()).await;
    }
    let key = format!("leads.total/{}/{}/{q}", scope.org(), filter.to_json());
    let known: Counted = app.cache.get(&key).await.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    let newest = app.db.read(scope, "SELECT max(e.seq) FROM events e WHERE e.org_id = $1", &[&scope.org()]).await?;
    let seq: Option<i64> = newest.first().map_or(Ok(None), |row| row.try_get(0))?;
    if seq.is_some() && seq == known.seq {
        return Ok(bounded(known.total, COUNT_LIMIT));
    }
    let total = count(&app.db, scope, filter, q, COUNT_LIMIT, app.clock.now()).await?;
    let counted = Counted { seq, total: total.value + i64::from(!total.exact) };
    app.cache.set(&key, serde_json::to_vec(&counted).unwrap_or_default(), COUNT_TTL).await;
    Ok(total)
}

/// How many leads are meant, exact up to `limit`.
pub async fn count(db: &Db, scope: &Scope, filter: &Filter, q: &str, limit: i64, now: Timestamp) -> Result<Total, DbError> {
    let Some((sql, p)) = counting(db, scope, filter, q, limit, now).await? else { return Ok(Total { value: 0, exact: true }) };
    let rows = db.read_planned(scope, &sql, &p.refs()).await?;
    Ok(bounded(rows.first().map_or(Ok(0), |row| row.try_get(0))?, limit))
}

/// The statement that counts up to one beyond `limit`; nothing where no lead holds the words.
pub(crate) async fn counting(
    db: &Db,
    scope: &Scope,
    filter: &Filter,
    q: &str,
    limit: i64,
    now: Timestamp,
) -> Result<Option<(String, Params)>, DbError> {
    let (filter, q) = filter.searches_apart(q);
    let words = search::words(&q);
    let way = if words.is_empty() { Way::Everywhere } else { search::way(db, scope, &words).await? };
    let mut p = Params::default();
    let org = format!("{}::uuid", p.push(scope.org()));
    let condition = filter.to_sql(&mut p, now);
    let search = search::condition(&q, &mut p);
    let found = match way {
        Way::Nowhere => return Ok(None),
        Way::Index(narrowing) => format!("FROM lead_hits l WHERE l.org_id IS NOT DISTINCT FROM {org} AND {}", narrowing.sql(&org, &mut p)),
        Way::Everywhere => format!("FROM lead_rows l WHERE l.org_id = {org}"),
    };
    let sql = format!("SELECT count(*) FROM (SELECT {found} AND {condition} AND {search} LIMIT {}) c", limit.saturating_add(1));
    Ok(Some((sql, p)))
}

/// What counting up to one beyond `limit` says.
pub(super) fn bounded(counted: i64, limit: i64) -> Total {
    Total { value: counted.min(limit), exact: counted <= limit }
}
