//! Saved views above the grid, and the page of all of them.

mod bar;
mod list;
mod verbs;

use http_kit::Routes;

pub(crate) use bar::{bar, tabs};

/// How many views stand above the grid; the page of all views has the rest.
pub(crate) const TABS: i64 = 8;

/// The pages of views.
pub(crate) fn pages() -> Routes {
    Routes::new()
        .get("/leads/views", list::show)
        .post("/leads/views", verbs::create)
        .post("/leads/views/default", verbs::set_default)
        .post("/leads/views/{id}", verbs::update)
        .post("/leads/views/{id}/delete", verbs::delete)
}
