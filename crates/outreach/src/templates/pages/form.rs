use http_kit::Problem;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use crate::templates::TemplateContent;

/// The editor's fields.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct TemplateForm {
    name: String,
    subject: String,
    html: String,
    text: String,
    /// The version that was on the screen; 0 for a new one.
    pub(super) version: i32,
    /// Whom the preview shows; survives saving.
    pub(super) lead: String,
}

impl TemplateForm {
    pub(super) fn content(&self) -> TemplateContent {
        TemplateContent { name: self.name.clone(), subject: self.subject.clone(), html: self.html.clone(), text: self.text.clone() }
    }

    pub(super) fn of(content: TemplateContent, version: i32, lead: String) -> Self {
        Self { name: content.name, subject: content.subject, html: content.html, text: content.text, version, lead }
    }
}

/// The editor. Its second button sends the same fields into the preview frame without saving them.
pub(super) fn form(action: &str, typed: &TemplateForm, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    html! {
        form.stack #template-form data-variables method="post" action=(action) {
            @if let Some(problem) = problem { @if problem.errors.is_empty() { (ui::form_error(&problem.detail)) } }
            (ui::hidden("version", &typed.version.to_string()))
            (ui::hidden("lead", &typed.lead))
            (Field::text("name", "Name").value(&typed.name).error(error("name")).required().attr("maxlength", "200").autocomplete("off")
                .hint("For you and your colleagues; recipients never see it."))
            (Field::text("subject", "Subject").value(&typed.subject).error(error("subject")).required().attr("maxlength", "500").autocomplete("off"))
            (Field::textarea("html", "Body (HTML)", 16).value(&typed.html).error(error("html")).required().attr("spellcheck", "true")
                .hint("The postal address and the unsubscribe link are added below it when a campaign sends it."))
            (Field::textarea("text", "Plain text (optional)", 6).value(&typed.text).error(error("text"))
                .hint("Leave it empty and it is made from the HTML."))
            (ui::form_actions(html! {
                (Button::primary("Save template"))
                (Button::secondary("Preview unsaved text").attr("formaction", "/templates/preview").attr("formtarget", "template-preview").attr("formnovalidate", ""))
            }))
        }
    }
}
