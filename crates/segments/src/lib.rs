//! Groups of leads with a name: those that match a filter, or those that were put in.

mod merge;

use http_kit::{App, Routes};
use jobs::Registry;
use utoipa_axum::router::OpenApiRouter;

pub use merge::move_lead;

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
