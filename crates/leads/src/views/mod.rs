//! Saved views: a filter, a search, an order and columns under a name, personal or shared with the organisation.
//!
//! Owns `saved_views` and `grid_choices`. Invariants: a view holds a question and never rows, so sharing one shows
//! nobody a lead; somebody's personal view does not exist for others; an organisation shares at most [`MOST`], and a person
//! has at most [`MOST_OWN`] besides, so that nobody uses up what is everybody's.

mod actions;
pub(crate) mod api;
pub(crate) mod column;
mod model;
pub(crate) mod pages;
pub(crate) mod store;

pub(crate) use actions::choose::choose_columns;
pub use column::{Column, Standard};
pub use model::{SavedView, ViewDraft};

/// How many shared views an organisation may have.
pub const MOST: i64 = 200;
/// How many views of their own a person may have in an organisation.
pub const MOST_OWN: i64 = 100;
