//! The addresses that are never written to.

mod add;
mod export;
mod list;
mod remove;

use http_kit::Routes;

pub(super) fn pages() -> Routes {
    Routes::new()
        .get("/suppressions", list::show)
        .post("/suppressions", add::submit)
        .post("/suppressions/remove", remove::submit)
        .get("/suppressions/export", export::download)
}
