//! Who may be the same person: pure, without I/O.

pub mod cluster;
pub mod compare;
pub mod evidence;
pub mod keys;
pub mod learning;
mod nicknames;
pub mod person;
mod text;

#[cfg(test)]
mod tests;

pub use cluster::{Cluster, Edge};
pub use compare::{Comparison, Sharing, compare};
pub use evidence::{Evidence, Level};
pub use keys::{Key, keys};
pub use learning::{Calibration, Decision};
pub use person::{Facts, Person};
