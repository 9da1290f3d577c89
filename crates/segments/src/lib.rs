//! Groups of leads with a name: those that match a filter (dynamic), or those that were put in (fixed).
//!
//! Owns `segments`, `segment_members`, `segment_sizes` and `segment_uses`. A segment's definition is the
//! organisation's, its leads are whoever looks: somebody who sees some leads only finds those, and counts those.
//! Sizes over time count everybody's, so only whoever sees everybody reads them. What builds on a segment says so by
//! [`use_segment`] in the transaction that does, and a segment that is used cannot be deleted.

mod actions;
mod api;
mod jobs;
mod merge;
mod model;
mod pages;
mod population;
mod size;
mod store;

pub use api::api;
pub use jobs::jobs;
pub use merge::move_lead;
pub use model::{Kind, Segment};
pub use pages::{pages, panel};
pub use population::Population;
pub use store::{
    segments::{choices, get},
    uses::{Use, release, use_segment},
};
