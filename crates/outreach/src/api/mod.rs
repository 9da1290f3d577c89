//! `/api/v1/campaigns` and `/api/v1/suppressions`.

mod draft;
mod enrollments;
mod run;
mod sends;
mod suppressions;

use http::{HeaderMap, header};
use http_kit::{App, FieldError, Problem};
use utoipa_axum::router::OpenApiRouter;

/// This part of the API.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().merge(draft::api()).merge(run::api()).merge(sends::api()).merge(enrollments::api()).merge(suppressions::api())
}

/// The body of a request that says everything by its path: nothing, or an empty object.
#[derive(Debug, serde::Deserialize, garde::Validate)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// 1 to 200; 50 when left out.
fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    let limit = asked.unwrap_or(50);
    if (1..=200).contains(&limit) { Ok(limit) } else { Err(Problem::field("/limit", "limit.invalid", "must be a number from 1 to 200")) }
}

/// Cuts a list that was read one row too long; returns whether there is more.
fn cut<T>(rows: &mut Vec<T>, limit: i64) -> bool {
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(200));
    more
}

/// The version that the client has read; `*` and no header mean any.
fn if_match(headers: &HeaderMap) -> Result<Option<i32>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim().trim_start_matches("W/").trim_matches('"');
    if text == "*" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        Problem::invalid(vec![FieldError::new(
            "/if-match",
            "if_match.invalid",
            "must be the ETag of the campaign as it was read, such as \"3\"",
        )])
    })
}
