//! `/api/v1/leads` and `/api/v1/accounts`.

mod accounts;
mod bulk;
mod bulk_job;
mod changes_feed;
mod leads;
mod list;

use http_kit::App;
use utoipa_axum::{router::OpenApiRouter, routes};

pub(crate) use list::limit;

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(leads::list_leads, leads::post_lead))
        .routes(routes!(leads::get_lead, leads::patch_lead, leads::delete_lead))
        .routes(routes!(leads::lead_timeline))
        .routes(routes!(changes_feed::list_events))
        .routes(routes!(bulk::bulk_leads))
        .routes(routes!(bulk_job::get_bulk, bulk_job::delete_bulk))
        .merge(crate::changes::api::api())
        .merge(crate::export::api::api())
        .merge(crate::custom_fields::api::api())
        .merge(crate::tags::api())
        .routes(routes!(accounts::list_accounts, accounts::post_account))
        .routes(routes!(accounts::get_account, accounts::patch_account))
        .routes(routes!(accounts::account_summary))
        .routes(routes!(accounts::merge_account))
        .merge(crate::views::api::api())
}
