//! The screens of exports.

mod options;
mod progress;
mod take;

use http_kit::Routes;

/// The routes of exports.
pub(crate) fn pages() -> Routes {
    Routes::new()
        .get("/leads/export", options::of_filter)
        .post("/leads/export", options::of_selection)
        .post("/leads/export/file", take::take)
        .get("/leads/exports/{id}", progress::show)
        .post("/leads/exports/{id}/stop", progress::stop)
        .get("/leads/exports/{id}/file", progress::download)
}
