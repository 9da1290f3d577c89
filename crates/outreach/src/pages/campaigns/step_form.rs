use http_kit::{FieldError, Problem};
use kernel::{StepId, TemplateId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use crate::{
    model::{Step, StepInput},
    templates::TemplateContent,
};

/// An e-mail of a sequence as a person writes it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct StepForm {
    delay_days: String,
    delay_hours: String,
    delay_minutes: String,
    subject: String,
    html: String,
    text: String,
    /// Whom the preview shows; survives saving.
    pub(super) lead: String,
}

impl StepForm {
    pub(super) fn of(step: &Step, lead: String) -> Self {
        let (days, hours, minutes) = (step.delay_minutes / 1440, step.delay_minutes % 1440 / 60, step.delay_minutes % 60);
        Self {
            delay_days: days.to_string(),
            delay_hours: hours.to_string(),
            delay_minutes: minutes.to_string(),
            subject: step.subject.clone(),
            html: step.html.clone(),
            text: step.text.clone(),
            lead,
        }
    }

    /// The first goes out at once, the others after three days, until somebody says otherwise.
    pub(super) fn fresh(position: usize) -> Self {
        Self {
            delay_days: if position <= 1 { "0" } else { "3" }.to_owned(),
            delay_hours: "0".to_owned(),
            delay_minutes: "0".to_owned(),
            ..Self::default()
        }
    }

    /// With a template's text in place of its own.
    pub(super) fn with_text(self, content: TemplateContent) -> Self {
        Self { subject: content.subject, html: content.html, text: content.text, ..self }
    }

    pub(super) fn input(&self, id: Option<StepId>) -> Result<StepInput, Problem> {
        let part = |field: &str, text: &str, unit: i32| {
            let text = text.trim();
            if text.is_empty() {
                return Ok(0);
            }
            let number = text.parse::<i32>().ok().filter(|number| *number >= 0).and_then(|number| number.checked_mul(unit));
            number.ok_or_else(|| FieldError::new(format!("/{field}"), format!("{field}.invalid"), "The pause is a whole number, 0 or more"))
        };
        let parts = [
            part("delay_days", &self.delay_days, 1440),
            part("delay_hours", &self.delay_hours, 60),
            part("delay_minutes", &self.delay_minutes, 1),
        ];
        let mut minutes = 0_i32;
        for part in parts {
            minutes = minutes.saturating_add(part.map_err(|error| Problem::invalid(vec![error]))?);
        }
        Ok(StepInput { id, delay_minutes: minutes, subject: self.subject.clone(), html: self.html.clone(), text: self.text.clone() })
    }
}

/// Errors of the whole sequence as errors of this form: `/steps/2/subject` becomes `/subject`. An error
/// of another step cannot come from here, and stays what it is.
pub(super) fn own_errors(problem: Problem, index: usize) -> Problem {
    let prefix = format!("/steps/{index}/");
    let errors = problem
        .errors
        .iter()
        .map(|error| {
            let Some(field) = error.pointer.strip_prefix(&prefix) else { return error.clone() };
            let field = if field == "delay_minutes" { "delay_days" } else { field };
            let detail = error.detail.split_once(": ").map_or(error.detail.as_str(), |(_, rest)| rest);
            FieldError::new(format!("/{field}"), error.code.clone(), detail)
        })
        .collect();
    Problem { errors, ..problem }
}

/// The editor; its second button sends the fields into the preview frame without saving them.
pub(super) fn form(action: &str, first: bool, typed: &StepForm, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let elsewhere =
        problem.filter(|problem| problem.errors.is_empty() || problem.errors.iter().any(|error| error.pointer.starts_with("/steps")));
    html! {
        form.stack #step-form data-variables method="post" action=(action) {
            @if let Some(problem) = elsewhere { (ui::form_error(&problem.detail)) }
            (ui::hidden("lead", &typed.lead))
            fieldset {
                legend.field-label { @if first { "Wait after launch" } @else { "Wait after the e-mail before" } }
                div.inline-fields {
                    (Field::number("delay_days", "Days").value(&typed.delay_days).error(error("delay_days")).attr("min", "0").attr("max", "365"))
                    (Field::number("delay_hours", "Hours").value(&typed.delay_hours).error(error("delay_hours")).attr("min", "0"))
                    (Field::number("delay_minutes", "Minutes").value(&typed.delay_minutes).error(error("delay_minutes")).attr("min", "0"))
                }
            }
            (Field::text("subject", "Subject").value(&typed.subject).error(error("subject")).required().attr("maxlength", "500").autocomplete("off"))
            (Field::textarea("html", "Body (HTML)", 16).value(&typed.html).error(error("html")).required().attr("spellcheck", "true")
                .hint("Your postal address and the unsubscribe link are added below it."))
            (Field::textarea("text", "Plain text (optional)", 5).value(&typed.text).error(error("text")).hint("Leave it empty and it is made from the HTML."))
            (ui::form_actions(html! {
                (Button::primary("Save e-mail"))
                (Button::secondary("Preview unsaved text").attr("formaction", "/templates/preview").attr("formtarget", "step-preview").attr("formnovalidate", ""))
            }))
        }
    }
}

/// Puts a template's text into the editor, by a link's way: nothing is saved by it.
pub(super) fn from_template(action: &str, templates: &[(TemplateId, String)], chosen: Option<TemplateId>) -> Markup {
    html! {
        @if templates.is_empty() {
            p.muted { "There are no templates yet; " a href="/templates" { "make one" } " to use its text again and again." }
        } @else {
            form.inline-fields method="get" action=(action) {
                (Field::select("template", "Begin with a template", std::iter::once((String::new(), "Choose one".to_owned()))
                    .chain(templates.iter().map(|(id, name)| (id.to_string(), name.clone()))))
                    .value(chosen.map(|id| id.to_string()).unwrap_or_default()))
                (Button::secondary("Put its text here"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_days_hours_and_minutes() {
        let form = StepForm { delay_days: "2".to_owned(), delay_hours: " 3 ".to_owned(), ..StepForm::default() };
        assert_eq!(form.input(None).unwrap().delay_minutes, 2 * 1440 + 180);
        for wrong in ["-1", "x", "1.5", "99999999"] {
            let form = StepForm { delay_days: wrong.to_owned(), ..StepForm::default() };
            assert!(form.input(None).unwrap_err().of_field("delay_days").is_some(), "{wrong}");
        }
    }

    #[test]
    fn errors_of_the_sequence_become_errors_of_the_form() {
        let problem = Problem::invalid(vec![
            FieldError::new("/steps/1/subject", "c", "Step 2: A mail needs a subject"),
            FieldError::new("/steps/0/html", "c", "Step 1: x"),
        ]);
        let own = own_errors(problem, 1);
        assert_eq!(own.of_field("subject").unwrap(), "A mail needs a subject");
        assert_eq!(own.errors[1].pointer, "/steps/0/html");
    }
}
