//! Groups of leads with a name: those that match a filter (dynamic), or those that were put in (fixed).
//!
//! Owns `segments`, `segment_members`, `segment_sizes` and `segment_uses`. A segment's definition is the
//! organisation's, its leads are whoever looks: somebody who sees some leads only finds those, and counts those.
//! Sizes over time count everybody's, so only whoever sees everybody reads them. What builds on segments says so by
//! [`use_segments`] in the transaction that does, and a segment that is used cannot be deleted. A filter may name segments
//! ([`known`]), so one may be made of others: never of itself, and no change of one leaves another that cannot be asked.

mod actions;
mod api;
mod jobs;
mod known;
mod merge;
mod model;
mod pages;
mod population;
mod size;
mod store;

pub use api::api;
pub use jobs::jobs;
pub use known::{known, named_in};
pub use merge::move_lead;
pub use model::{Kind, Segment};
pub use pages::{pages, panel};
pub use population::Population;
pub use store::{
    known::offered,
    segments::get,
    uses::{Use, release, use_segments},
};
