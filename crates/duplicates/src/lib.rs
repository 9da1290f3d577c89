//! Leads that may be the same person, and making one of them.

pub mod model;

use http_kit::{App, Routes};
use jobs::Registry;
use utoipa_axum::router::OpenApiRouter;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
}

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
}

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry
}
