//! Leads that may be the same person, and making one of them.
//!
//! Owns `duplicate_*`, and with migration 25 what a merge moves. Invariants: a pair is compared only if it shares a blocking
//! key; what was rejected never comes back; a cluster holds no two leads that contradict each other; a merge is one
//! transaction in a change set, and whoever asked not to be written to stays unwritten to. Everything stored about pairs and
//! clusters is derived from the leads, but for the decisions.

mod actions;
mod api;
mod jobs;
pub mod model;
mod pages;
mod projection;
mod store;

pub use api::api;
pub use jobs::jobs;
pub use pages::{pages, panel};
pub use projection::projections;
