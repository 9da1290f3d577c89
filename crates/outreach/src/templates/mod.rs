//! E-mail templates: what is written once and sent by many campaigns.
//!
//! Owns `templates`. A campaign's step copies the text, so a template may change or be deleted while
//! a campaign that used it runs. Nothing here sends to a lead: the one mail that leaves is the test
//! to the signed-in person's own address.

mod actions;
mod api;
pub mod checks;
mod lint;
mod model;
mod pages;
pub mod render;
mod starters;
pub mod store;
pub mod variables;

pub use actions::{
    TemplateError,
    create::create_template,
    delete::delete_template,
    duplicate::duplicate_template,
    preview::{TemplatePreview, preview},
    send_test::send_test,
    update::update_template,
};
pub use api::api;
pub(crate) use model::sentence;
pub use model::{Template, TemplateChange, TemplateContent};
pub use pages::pages;
pub(crate) use pages::{SandboxedMail, document, mail_frame, variable_panel};

/// A LIKE pattern over lower-cased text that contains `q` as it was typed.
pub(crate) fn like(q: &str) -> String {
    format!("%{}%", q.trim().to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}
