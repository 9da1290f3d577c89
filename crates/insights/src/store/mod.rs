//! Every SQL statement of the slice, except the projection's.

pub(crate) mod counters;
pub(crate) mod home;
