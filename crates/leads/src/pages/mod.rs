//! The screens of leads and accounts, and the search of the command palette.

mod account;
mod account_duplicates;
mod account_merge;
mod account_new;
mod accounts;
mod bulk;
mod bulk_bar;
mod bulk_job;
mod column_picker;
mod columns;
mod fields;
mod filter_page;
mod filters;
mod form;
mod grid;
mod lead;
mod rows;
mod score;
mod search;
mod show;
pub(crate) mod state;
mod timeline;

use http_kit::Routes;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/leads", grid::show)
        .post("/leads", form::create)
        .get("/leads/new", form::new)
        .get("/leads/filter", filter_page::show)
        .get("/leads/columns", column_picker::show)
        .post("/leads/columns", column_picker::choose)
        .post("/leads/bulk", bulk::submit)
        .get("/leads/bulk/{job}", bulk_job::progress)
        .post("/leads/bulk/{job}/stop", bulk_job::stop)
        .get("/leads/{id}", lead::show)
        .get("/leads/{id}/edit", form::edit)
        .post("/leads/{id}/edit", form::update)
        .get("/leads/{id}/score", score::reasons)
        .post("/leads/{id}/fields", fields::change)
        .post("/leads/{id}/status", lead::set_status)
        .post("/leads/{id}/owner", lead::set_owner)
        .post("/leads/{id}/delete", lead::delete)
        .get("/accounts", accounts::list)
        .post("/accounts", account_new::create)
        .get("/accounts/new", account_new::new)
        .get("/accounts/duplicates", account_duplicates::list)
        .get("/accounts/{id}", account::show)
        .get("/accounts/{id}/merge", account_merge::show)
        .post("/accounts/{id}/merge", account_merge::submit)
        .get("/accounts/{id}/edit", account::edit)
        .post("/accounts/{id}/edit", account::update)
        .get("/search", search::search)
        .merge(crate::views::pages::pages())
        .merge(crate::changes::pages::pages())
        .merge(crate::export::pages::pages())
        .merge(crate::custom_fields::pages::pages())
        .merge(crate::filter::pages::pages())
        .merge(crate::tags::pages())
}
