//! Settings, scoring: the weights, what they would do, and the rescoring.

mod form;
mod preview;
mod progress;
mod scoring;

use http_kit::Routes;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/settings/scoring", scoring::show)
        .post("/settings/scoring", scoring::submit)
        .post("/settings/scoring/preview", scoring::preview)
        .get("/settings/scoring/progress", progress::show)
        .post("/settings/scoring/rescore", progress::start)
        .post("/settings/scoring/stop", progress::stop)
}
