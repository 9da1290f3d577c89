//! Settings, fields: the list, and one of them.

mod edit;
mod list;

use http_kit::Routes;

/// The registry's pages.
pub(crate) fn pages() -> Routes {
    Routes::new()
        .get("/settings/fields", list::show)
        .post("/settings/fields", list::add)
        .get("/settings/fields/{key}", edit::show)
        .post("/settings/fields/{key}", edit::change)
        .post("/settings/fields/{key}/archive", edit::archive)
        .post("/settings/fields/{key}/restore", edit::restore)
        .post("/settings/fields/{key}/move", edit::place)
}

/// One choice on each line.
fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}
