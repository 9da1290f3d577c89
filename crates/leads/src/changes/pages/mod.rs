//! The screens of change sets: the history, one set row by row, undoing it.

mod conflicts_csv;
mod history;
mod rows;
mod show;
mod undo;

use http_kit::Routes;

/// The routes of change sets.
pub(crate) fn pages() -> Routes {
    Routes::new()
        .get("/changes", history::list)
        .get("/changes/{id}", show::show)
        .post("/changes/{id}/undo", undo::undo)
        .post("/changes/{id}/stop", undo::stop)
        .get("/changes/{id}/conflicts.csv", conflicts_csv::download)
}
