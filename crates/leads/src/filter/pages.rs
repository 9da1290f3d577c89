//! What the builder asks while somebody edits: how many are meant, whether it can be read, which values there are.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use db::DbError;
use http::StatusCode;
use http_kit::{ApiQuery, App, Problem, Routes, Total};
use identity::{Can, LeadsRead};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Filter, FilterError, prepare};
use crate::{model::country, store};

/// Counting stops here.
const MOST: i64 = 10_000;
/// Whoever edits does not wait longer, and a request that was given up costs the database no more. Class 57014 is what comes then.
const PATIENCE: &str = "1500ms";
const CANCELED: &str = "57014";

/// The pages of the filter language.
pub(crate) fn pages() -> Routes {
    Routes::new().get("/leads/count", count).get("/leads/suggest", suggest)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CountQuery {
    filter: String,
    q: String,
}

/// A filter in its forms, and how many leads it means.
#[derive(Debug, Serialize)]
struct Counted {
    /// Missing where counting takes too long.
    total: Option<Total>,
    words: String,
    json: String,
    text: String,
}

/// Where a filter is wrong, for the field that is to say so.
#[derive(Debug, Serialize)]
struct Wrong {
    detail: String,
    pointer: String,
    line: Option<usize>,
    column: Option<usize>,
    offset: Option<usize>,
}

impl From<FilterError> for Wrong {
    fn from(error: FilterError) -> Self {
        let at = error.position;
        Self {
            detail: error.to_string(),
            pointer: error.pointer,
            line: at.map(|at| at.line),
            column: at.map(|at| at.column),
            offset: at.map(|at| at.offset),
        }
    }
}

async fn count(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<CountQuery>) -> Result<Response, Problem> {
    let filter = match prepare::try_read(&app, &viewer.scope, &query.filter, None).await? {
        Ok(filter) => filter,
        Err(error) => return Ok((StatusCode::UNPROCESSABLE_ENTITY, Json(Wrong::from(error))).into_response()),
    };
    let total = within_patience(&app, &viewer, &filter, &query.q).await?;
    let words = match total {
        Some(Total { value, exact: true }) => ui::plural(value, "lead", "leads"),
        Some(Total { value, .. }) => format!("{}+ leads", ui::number(value)),
        None => "Many leads to look at: counting would take too long".to_owned(),
    };
    let json = if filter.is_empty() { String::new() } else { filter.to_json() };
    Ok(Json(Counted { total, words, json, text: filter.to_text() }).into_response())
}

async fn within_patience(app: &App, viewer: &identity::Viewer, filter: &Filter, q: &str) -> Result<Option<Total>, DbError> {
    let counting = store::grid::counting(&app.db, &viewer.scope, filter, q, MOST, app.clock.now()).await?;
    let Some((sql, params)) = counting else { return Ok(Some(Total { value: 0, exact: true })) };
    let tx = app.db.tenant(&viewer.scope).await?;
    tx.batch(&format!("SET LOCAL statement_timeout = '{PATIENCE}'; SET LOCAL plan_cache_mode = force_custom_plan")).await?;
    match tx.query_one(&sql, &params.refs()).await {
        Ok(row) => {
            let found: i64 = row.try_get(0)?;
            tx.commit().await?;
            Ok(Some(Total { value: found.min(MOST), exact: found <= MOST }))
        }
        Err(error) if error.sqlstate() == Some(CANCELED) => Ok(None),
        Err(error) => Err(error),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SuggestQuery {
    field: String,
    prefix: String,
}

async fn suggest(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<SuggestQuery>) -> Result<Response, Problem> {
    let letters: String = query.prefix.chars().take(super::MAX_TEXT).filter(|c| *c != '\0').collect();
    let Some(values) = store::suggest::suggest(&app.db, &viewer.scope, &query.field, &letters).await? else {
        return Err(Problem::field("/field", "field.unknown", "This field has no values to offer"));
    };
    let label = |value: &str| if query.field.ends_with("country") { country::name(value).to_owned() } else { value.to_owned() };
    let offered: Vec<_> = values.iter().map(|value| json!({ "value": value, "label": label(value) })).collect();
    Ok(Json(offered).into_response())
}
