//! Every SQL statement of campaigns, the send ledger and suppressions.

pub(crate) mod batches;
pub mod campaigns;
pub mod enrollments;
pub(crate) mod ledger;
pub(crate) mod outcomes;
pub mod sends;
pub mod steps;
pub mod suppressions;
pub(crate) mod tracking;
