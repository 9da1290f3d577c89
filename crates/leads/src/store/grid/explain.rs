//! How PostgreSQL answers a list, for tests that guard its plans.

use db::{DbError, Json, Scope};
use http_kit::{App, Problem};
use serde_json::Value;

use super::{
    ListQuery,
    edge::{Edge, Order},
    list::{STEPS, STEPS_IN_INDEX, Statement, is_frequent},
};
use crate::search::{self, Way};

/// The plans of the statements that [`list`](super::list()) would send first, as `EXPLAIN (FORMAT JSON)` tells them.
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
    let steps = if query.sort.key.covers_search() { STEPS_IN_INDEX } else { STEPS };
    let statements = match &way {
        None => vec![statement().all()],
        Some(Way::Nowhere) => Vec::new(),
        Some(Way::Everywhere) => vec![statement().walk(Some(steps))],
        Some(Way::Index(narrowing)) if is_frequent(narrowing) => vec![statement().walk(Some(steps)), statement().collect(narrowing)],
        Some(Way::Index(narrowing)) => vec![statement().collect(narrowing)],
    };
    let mut plans = Vec::new();
    for (sql, params) in statements {
        let rows = app.db.read_planned(scope, &format!("EXPLAIN (FORMAT JSON) {sql}"), &params.refs()).await?;
        let Some(row) = rows.first() else { continue };
        let plan: Json<Value> = row.try_get(0).map_err(DbError::from)?;
        plans.push(plan.0);
    }
    Ok(plans)
}
