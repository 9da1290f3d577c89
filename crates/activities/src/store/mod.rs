//! Every SQL statement of the slice.

pub(crate) mod notes;
pub mod tasks;
