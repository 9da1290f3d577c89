//! Outreach: templates, campaigns, the send ledger, suppressions, tracking.
//!
//! Owns `templates`, `campaigns`, `campaign_steps`, `enrollments`, `sends`, `send_batches`,
//! `suppressions` and the plumbing of provider webhooks. Invariants:
//!
//! - **Each lead gets each step at most once.** A send is a row (campaign, step, lead), unique, written
//!   before anything is sent; a message leaves under the key of its row; see [`sending`] for what a crash
//!   at each point comes to.
//! - **Suppression beats everything.** It is asked in the statement that claims and again before the call.
//! - **A launched campaign does not change**: its steps are fixed and its audience is frozen, but for leads that somebody
//!   enrols by hand.
//! - **An unknown outcome is parked**, visible, and settled by the provider or a person; never retried
//!   blindly.

pub mod actions;
mod address_check;
mod api;
mod enrolment;
mod jobs;
pub mod model;
mod pages;
mod pages_store;
mod sending;
pub mod store;
pub mod templates;
mod tracking;

pub use address_check::address_check;
pub use enrolment::enrolment;
pub use jobs::jobs;

/// This slice's pages, and the addresses that mails and providers call.
pub fn pages() -> http_kit::Routes {
    templates::pages().merge(pages::pages()).merge(tracking::routes())
}

/// This slice's API.
pub fn api() -> utoipa_axum::router::OpenApiRouter<http_kit::App> {
    templates::api().merge(api::api())
}
