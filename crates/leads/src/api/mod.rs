//! `/api/v1/leads` and `/api/v1/accounts`.

mod accounts;
mod bulk;
mod changes_feed;
mod leads;
mod list;

use http_kit::App;
use utoipa_axum::{router::OpenApiRouter, routes};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(leads::list_leads, leads::post_lead))
        .routes(routes!(leads::get_lead, leads::patch_lead, leads::delete_lead))
        .routes(routes!(leads::lead_timeline))
        .routes(routes!(changes_feed::list_events))
        .routes(routes!(bulk::bulk_leads))
        .routes(routes!(accounts::list_accounts))
        .routes(routes!(accounts::get_account, accounts::patch_account))
        .merge(crate::views::api::api())
}
