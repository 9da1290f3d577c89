//! Roles: who may do what, whose records they see, who needs a second factor.

mod delete;
mod edit;
mod form;
mod matrix;
mod new;

use http_kit::Routes;

pub(super) fn pages() -> Routes {
    Routes::new()
        .get("/settings/roles", matrix::show)
        .get("/settings/roles/new", new::show)
        .post("/settings/roles", new::submit)
        .get("/settings/roles/{id}", edit::show)
        .post("/settings/roles/{id}", edit::submit)
        .post("/settings/roles/{id}/delete", delete::submit)
        .get("/settings/roles/{id}/delete", delete::back)
}
