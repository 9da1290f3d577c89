//! `/imports`.

mod history;
mod mapping;
mod new;
mod running;
mod show;

use axum::{extract::DefaultBodyLimit, routing::post};
use http::Method;
use http_kit::Routes;
use maud::Markup;
use ui::Tone;

use super::model::{Import, ImportStatus};

/// This part's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/imports", history::show)
        .get("/imports/new", new::show)
        // The body goes to the disk piece by piece, and is limited there.
        .route(&Method::POST, "/imports", post(new::upload).layer(DefaultBodyLimit::disable()))
        .get("/imports/{id}", show::show)
        .post("/imports/{id}/mapping", mapping::save)
        .post("/imports/{id}/start", mapping::start)
        .post("/imports/{id}/discard", mapping::discard)
        .post("/imports/{id}/continue", running::go_on)
        .post("/imports/{id}/stop", running::stop)
        .get("/imports/{id}/rejected.csv", running::rejected)
}

fn status(import: &Import) -> Markup {
    match import.status {
        ImportStatus::Mapping => ui::status_dot(Tone::Info, "Waiting for columns"),
        ImportStatus::Running => ui::status_running(Tone::Accent, "Running"),
        ImportStatus::Finished if import.counts.rejected > 0 => ui::status_dot(Tone::Warning, "Finished"),
        ImportStatus::Finished => ui::status_dot(Tone::Success, "Finished"),
        ImportStatus::Stopped => ui::status_dot(Tone::Neutral, "Stopped"),
        ImportStatus::Failed => ui::status_dot(Tone::Danger, "Failed"),
    }
}

/// A count as the components want it.
fn n(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn number(count: u64) -> String {
    ui::number(n(count))
}
