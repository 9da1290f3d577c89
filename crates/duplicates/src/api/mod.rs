//! `/api/v1/duplicates`.

mod decide;
mod list;
mod merge_all;
mod merge_by_hand;
mod scan;
mod settings;

use http_kit::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list::list_duplicates))
        .routes(routes!(scan::get_scan, scan::post_scan, scan::delete_scan))
        .routes(routes!(merge_all::get_merge_all, merge_all::post_merge_all, merge_all::delete_merge_all))
        .routes(routes!(merge_by_hand::merge_leads))
        .routes(routes!(settings::get_settings, settings::put_settings))
        .routes(routes!(list::get_duplicates))
        .routes(routes!(decide::merge_duplicates))
        .routes(routes!(decide::reject_duplicates))
        .routes(routes!(decide::undo_reject))
}
