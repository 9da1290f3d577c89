//! How PostgreSQL answers a list, for tests that guard its plans.

use db::{DbError, Json, Path, Row, Scope};
use http_kit::{App, Problem};
use serde_json::Value;

use super::{
    ListQuery,
    edge::{Edge, Order},
    list::{Statement, is_along_values, sorted_by, steps},
    sort::SortKey,
};
use crate::search::{self, Way};

/// The plans of the statements that [`list`](super::list()) would send, the first look before the rest, as `EXPLAIN (FORMAT JSON)` tells them.
///
/// # Errors
/// Those of [`list`](super::list()).
pub async fn explain(app: &App, scope: &Scope, query: &ListQuery) -> Result<Vec<Value>, Problem> {
    let query = &query.searching();
    let edge = Edge::decode(query.cursor.as_deref(), query.sort)?;
    let order = Order { sort: query.sort, edge: edge.as_ref() };
    let statement = || Statement::new(scope, query, order, app.clock.now());
    let words = search::words(&query.q);
    let way = if words.is_empty() { None } else { Some(search::way(&app.db, scope, &words).await?) };
    let mut plans = Vec::new();
    let field = match query.sort.key {
        SortKey::Custom(field) => Some(sorted_by(app, scope, query, field).await?).filter(|field| is_along_values(scope, query, field)),
        _ => None,
    };
    if way.is_none()
        && let Some(((sql, params), is_whole)) = Statement::first_look(scope, query, order, app.clock.now())
    {
        let (rows, _) = app.db.read_by(Path::Order, scope, (&format!("EXPLAIN (FORMAT JSON) {sql}"), &params.refs()), None).await?;
        plans.extend(plan(&rows)?);
        if is_whole {
            return Ok(plans);
        }
    }
    let statements = match &way {
        None => vec![field.map_or_else(|| statement().all(), |field| statement().by_value(&field))],
        Some(Way::Nowhere) => Vec::new(),
        Some(Way::Everywhere) => steps(query, None).into_iter().map(Some).chain([None]).map(|steps| statement().walk(steps)).collect(),
        Some(Way::Index(narrowing)) => steps(query, Some(narrowing))
            .map(|steps| statement().walk(Some(steps)))
            .into_iter()
            .chain([statement().collect(narrowing)])
            .collect(),
    };
    for (sql, params) in statements {
        plans.extend(plan(&app.db.read_planned(scope, &format!("EXPLAIN (FORMAT JSON) {sql}"), &params.refs()).await?)?);
    }
    Ok(plans)
}

fn plan(rows: &[Row]) -> Result<Option<Value>, DbError> {
    rows.first().map(|row| Ok(row.try_get::<_, Json<Value>>(0)?.0)).transpose()
}
