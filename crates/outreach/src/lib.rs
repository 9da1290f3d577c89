//! Outreach: templates, campaigns, the send ledger, suppressions.

mod pages;
pub mod templates;

/// This slice's pages.
pub fn pages() -> http_kit::Routes {
    templates::pages().merge(pages::pages())
}
