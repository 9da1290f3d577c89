//! `/api/v1/notes` and `/api/v1/tasks`.

mod notes;
mod tasks;

use http_kit::{App, Problem};
use utoipa_axum::{router::OpenApiRouter, routes};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(notes::list_notes, notes::post_note))
        .routes(routes!(notes::get_note, notes::patch_note, notes::delete_note))
        .routes(routes!(tasks::list_tasks, tasks::post_task))
        .routes(routes!(tasks::get_task, tasks::patch_task, tasks::delete_task))
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
