//! The screens of duplicates.

mod decide;
mod list;
mod panel;
mod progress;
mod settings;
mod show;
mod side_by_side;

use http_kit::Routes;

pub use panel::panel;
pub(crate) use progress::whole;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/duplicates", list::show)
        .post("/duplicates/scan", progress::scan)
        .post("/duplicates/scan/stop", progress::stop_scan)
        .get("/duplicates/progress", progress::show)
        .post("/duplicates/merge-all", progress::merge_all)
        .post("/duplicates/merge-all/stop", progress::stop_merge_all)
        .get("/duplicates/settings", settings::show)
        .post("/duplicates/settings", settings::submit)
        .get("/duplicates/{id}", side_by_side::show)
        .post("/duplicates/{id}/preview", side_by_side::preview)
        .post("/duplicates/{id}/merge", decide::merge)
        .post("/duplicates/{id}/reject", decide::reject)
}
