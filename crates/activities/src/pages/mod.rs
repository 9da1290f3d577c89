//! Notes and tasks on a lead's page, the page of all tasks, and the forms that change one.

mod back;
mod note;
mod notes;
mod panel;
mod show;
mod task;
mod task_form;
mod tasks;

use http_kit::Routes;

pub use panel::panel;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/leads/{id}/notes", notes::show)
        .post("/leads/{id}/notes", note::add)
        .get("/notes/{id}/edit", note::edit)
        .post("/notes/{id}/edit", note::save)
        .post("/notes/{id}/delete", note::delete)
        .post("/leads/{id}/tasks", task::add)
        .get("/tasks", tasks::show)
        .post("/tasks/done", task::complete)
        .get("/tasks/{id}/edit", task::edit)
        .post("/tasks/{id}/edit", task::save)
        .post("/tasks/{id}/reopen", task::reopen)
        .post("/tasks/{id}/delete", task::delete)
}
