//! Every SQL statement of the slice.

pub mod known;
pub(crate) mod members;
pub(crate) mod overlap;
pub mod segments;
pub(crate) mod sizes;
pub mod uses;
