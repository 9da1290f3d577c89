//! What people write down about leads and mean to do about them: notes and tasks.
//!
//! Owns `notes` and `tasks`. Both belong to a lead: whoever sees it sees them, and they go with it. Their
//! events have the lead as their subject, so that they stand on its timeline, and never hold what was written.

mod actions;
mod api;
mod merge;
mod model;
mod pages;
mod store;

use http_kit::App;
use jobs::Registry;

pub use api::api;
pub use merge::move_lead;
pub use model::{Due, Note, Priority, Task};
pub use pages::{pages, panel};
pub use store::tasks::{Agenda, agenda};

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry
}
