//! Saved views: a filter, a search, an order and columns under a name, personal or shared with the organisation.
//!
//! Owns `saved_views` and `grid_choices`. Invariants: a view holds a question and never rows, so sharing one shows
//! nobody a lead; somebody's personal view does not exist for others; an organisation has at most [`MOST`].

mod actions;
pub(crate) mod api;
pub(crate) mod column;
mod model;
pub(crate) mod pages;
pub(crate) mod store;

pub(crate) use actions::choose::choose_columns;
pub use column::{Column, Standard};
pub use model::{SavedView, ViewDraft};

/// How many views an organisation may have, personal ones included.
pub const MOST: i64 = 200;
