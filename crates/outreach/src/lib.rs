//! Outreach: templates, campaigns, the send ledger, suppressions.

pub mod actions;
mod jobs;
pub mod model;
mod pages;
mod pages_store;
mod sending;
pub mod store;
pub mod templates;

/// This slice's pages.
pub fn pages() -> http_kit::Routes {
    templates::pages().merge(pages::pages())
}
