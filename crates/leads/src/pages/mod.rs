//! The screens of leads and accounts, and the search of the command palette.

mod account;
mod accounts;
mod bulk;
mod columns;
mod filters;
mod form;
mod grid;
mod lead;
mod search;
mod show;
mod timeline;

use http_kit::Routes;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/leads", grid::show)
        .post("/leads", form::create)
        .get("/leads/new", form::new)
        .post("/leads/bulk", bulk::submit)
        .get("/leads/bulk/{job}", bulk::progress)
        .post("/leads/bulk/{job}/stop", bulk::stop)
        .get("/leads/{id}", lead::show)
        .get("/leads/{id}/edit", form::edit)
        .post("/leads/{id}/edit", form::update)
        .post("/leads/{id}/status", lead::set_status)
        .post("/leads/{id}/owner", lead::set_owner)
        .post("/leads/{id}/delete", lead::delete)
        .get("/accounts", accounts::list)
        .get("/accounts/{id}", account::show)
        .get("/accounts/{id}/edit", account::edit)
        .post("/accounts/{id}/edit", account::update)
        .get("/search", search::search)
}
