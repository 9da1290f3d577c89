//! E-mail templates: what is written once and sent by many campaigns.
//!
//! Owns `templates`. A campaign's step copies the text, so a template may change or be deleted while
//! a campaign that used it runs. Nothing here sends to a lead: the one mail that leaves is the test
//! to the signed-in person's own address.

mod model;
pub mod render;
pub mod variables;

pub use model::{Template, TemplateChange, TemplateContent};
