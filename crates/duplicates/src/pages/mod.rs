//! The screens of duplicates.

mod by_hand;
mod decide;
mod list;
mod panel;
mod progress;
mod settings;
mod show;
mod side_by_side;
mod typed;

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
        .get("/duplicates/by-hand", by_hand::show)
        .post("/duplicates/by-hand/choose", by_hand::choose)
        .post("/duplicates/by-hand/preview", by_hand::preview)
        .post("/duplicates/by-hand/merge", by_hand::merge)
        .get("/duplicates/{id}", side_by_side::show)
        .post("/duplicates/{id}/preview", side_by_side::preview)
        .post("/duplicates/{id}/merge", decide::merge)
        .post("/duplicates/{id}/reject", decide::reject)
        .post("/duplicates/{id}/reject/undo", decide::undo_reject)
}
