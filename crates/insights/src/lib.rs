//! What happened, in numbers: home and analytics.
//!
//! Owns `insights_daily` and `insights_leads`, both written by one projection of the event log, exactly
//! once per event. Invariants: no page counts rows, every number is a sum over a bounded number of
//! counters; opens and clicks by machines never mix with those by people; a person is one in the
//! funnel however often it opens. Days are UTC.
//!
//! Reads what the other slices own (leads, campaigns, templates) and writes nothing of theirs.

mod api;
mod filter;
mod model;
mod pages;
mod projection;
mod store;

pub use api::api;
pub use pages::pages;
pub use projection::projections;
