//! `/api/v1/segments`.

mod members;
mod overlap;
mod segments;

use http_kit::{App, Problem};
use utoipa_axum::{router::OpenApiRouter, routes};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(segments::list_segments, segments::post_segment))
        .routes(routes!(segments::get_segment, segments::patch_segment, segments::delete_segment))
        .routes(routes!(members::list_segment_members, members::post_segment_members))
        .routes(routes!(overlap::post_overlap))
        .routes(routes!(overlap::get_overlap))
}

/// How many rows a page has: 1 to 200, usually 50.
fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    match asked.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(Problem::field("/limit", "limit.out_of_range", "A page has 1 to 200 rows")),
    }
}

/// Cuts off the row that only tells that there are more; says whether it was there.
fn cut<T>(rows: &mut Vec<T>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    more
}
