//! Every SQL statement of this slice.

pub(crate) mod connections;
pub(crate) mod people;
pub(crate) mod visits;
