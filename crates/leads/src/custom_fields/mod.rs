//! Custom fields: what an organisation knows about its leads beyond the fields that everybody has.
//!
//! Owns `custom_fields` (the registry) and `lead_custom_values` (the index). The values themselves stand in `leads.custom`, checked
//! against the field's kind on every way in ([`Registry::check`]). A field's key and kind never change; a key that nobody has
//! named before becomes a field of the kind of its first value.
//!
//! **Index.** A GIN index over `leads.custom` would answer equality alone, and every import would pay for every key of every
//! organisation; an expression index per field knows one organisation's `visits` from another's only as a partial index of
//! its own, hundreds of them on one table, all looked at in each write and each plan. So values are indexed where they are used: the
//! first filter or order that names a field marks it, a trigger keeps its values from then on in `lead_custom_values`, typed, one row per
//! lead and field, and a job brings in those that were there before ([`jobs`]). Until it has ended, and for tests that no index can
//! answer (what a text contains), filters read `leads.custom`; until then a list sorted by it sorts all leads. An organisation has at most [`MOST_INDEXED`] of them.

pub(crate) mod actions;
pub(crate) mod api;
pub(crate) mod jobs;
mod kind;
pub(crate) mod pages;
mod registry;
mod sort;
pub(crate) mod store;

pub use actions::{NewField, ensure, for_values, planned, used};
pub use kind::FieldKind;
pub use registry::{Field, IndexState, Registry};
pub use sort::SortedField;
pub(crate) use sort::{is_nothing, nothing};
pub use store::{list, read};

/// How many fields an organisation may have, archived ones included: as many as a file may have columns.
pub const MOST_FIELDS: usize = 500;
/// How many of them are indexed.
pub const MOST_INDEXED: i64 = 20;
/// How many choices a field may have, and how long one may be.
pub const MOST_OPTIONS: usize = 200;
const MOST_OPTION: usize = 100;
/// How long a key may be.
const MOST_KEY: usize = 60;
/// How long a label may be.
const MOST_LABEL: usize = 80;
/// Letters of a text that the index keeps: what is longer is never found by it (migration 19 cuts there).
pub(crate) const INDEXED_LETTERS: usize = 251;
