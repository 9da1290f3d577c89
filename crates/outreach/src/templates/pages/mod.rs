//! The screens of templates.

mod delete;
mod duplicate;
mod edit;
mod form;
mod frame;
mod list;
mod new;
mod starter;
mod test;
mod variables;

use http_kit::Routes;

pub(crate) use frame::{SandboxedMail, document, mail_frame};
pub(crate) use variables::panel as variable_panel;

/// The routes of these pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/templates", list::show)
        .post("/templates", new::submit)
        .get("/templates/new", new::show)
        .post("/templates/preview", frame::unsaved)
        .post("/templates/starters/{key}", starter::submit)
        .get("/templates/{id}", edit::show)
        .post("/templates/{id}", edit::submit)
        .get("/templates/{id}/preview", frame::saved)
        .post("/templates/{id}/test", test::submit)
        .post("/templates/{id}/duplicate", duplicate::submit)
        .post("/templates/{id}/delete", delete::submit)
}
