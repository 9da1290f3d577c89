use http_kit::FieldError;
use kernel::{LeadId, StepId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::templates::{TemplateContent, render::Source};

/// The most steps that a sequence may have.
pub(crate) const MAX_STEPS: usize = 20;
/// A year.
const MAX_DELAY: i32 = 525_600;

/// One e-mail of a sequence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Step {
    pub id: StepId,
    /// 1 for the first.
    pub position: i16,
    /// After the previous step was sent; of the first step, after the launch.
    pub delay_minutes: i32,
    pub subject: String,
    pub html: String,
    /// The plain-text part; empty: made from the HTML.
    pub text: String,
}

impl Step {
    /// The parts that are rendered.
    pub fn source(&self) -> Source<'_> {
        Source { subject: &self.subject, html: &self.html, text: &self.text }
    }
}

/// A step as a person writes it; its place in the list is its position.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct StepInput {
    /// Of the step that it replaces; left out: a new one.
    pub id: Option<StepId>,
    #[serde(default)]
    pub delay_minutes: i32,
    #[serde(default)]
    pub subject: String,
    #[serde(default)]
    pub html: String,
    #[serde(default)]
    pub text: String,
}

/// As it stands, to be changed and stored again.
impl From<Step> for StepInput {
    fn from(step: Step) -> Self {
        Self { id: Some(step.id), delay_minutes: step.delay_minutes, subject: step.subject, html: step.html, text: step.text }
    }
}

/// Checks a sequence; pointers are `/steps/0/subject`. `known` are the variables there are.
pub(crate) fn checked_steps(steps: Vec<StepInput>, known: &[String]) -> Result<Vec<StepInput>, Vec<FieldError>> {
    if steps.len() > MAX_STEPS {
        return Err(vec![FieldError::new(
            "/steps",
            "steps.many",
            format!("A sequence has at most {MAX_STEPS} steps; this one has {}", steps.len()),
        )]);
    }
    let mut errors = Vec::new();
    let mut checked = Vec::with_capacity(steps.len());
    for (at, step) in steps.into_iter().enumerate() {
        if !(0..=MAX_DELAY).contains(&step.delay_minutes) {
            let why = format!("Step {}: the delay is 0 to {MAX_DELAY} minutes (a year)", at + 1);
            errors.push(FieldError::new(format!("/steps/{at}/delay_minutes"), "steps.delay", why));
        }
        // A step obeys the rules of a template, whose name it does not have.
        let content = TemplateContent { name: "step".to_owned(), subject: step.subject, html: step.html, text: step.text };
        match content.checked(known) {
            Ok(content) => checked.push(StepInput {
                id: step.id,
                delay_minutes: step.delay_minutes,
                subject: content.subject,
                html: content.html,
                text: content.text,
            }),
            Err(wrong) => errors.extend(wrong.into_iter().map(|error| FieldError {
                pointer: format!("/steps/{at}{}", error.pointer),
                code: format!("steps.{}", error.code),
                detail: format!("Step {}: {}", at + 1, error.detail),
            })),
        }
    }
    if errors.is_empty() { Ok(checked) } else { Err(errors) }
}

/// A step as one lead would get it, with footer and without tracking.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Preview {
    pub step: i16,
    pub lead: LeadId,
    pub from: String,
    pub to: String,
    pub subject: String,
    pub html: String,
    pub text: String,
    /// What would keep this mail from being sent to this lead; empty when nothing would.
    pub problems: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_step_is_named_by_its_place() {
        let good = StepInput { subject: "Hi {{ first_name }}".to_owned(), html: "<p>x</p>".to_owned(), ..StepInput::default() };
        let known = ["first_name".to_owned()];
        assert_eq!(checked_steps(vec![good.clone()], &known).unwrap().len(), 1);
        let bad = StepInput { delay_minutes: -1, subject: String::new(), ..good.clone() };
        let errors = checked_steps(vec![good.clone(), bad], &known).unwrap_err();
        let pointers: Vec<&str> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(pointers, ["/steps/1/delay_minutes", "/steps/1/subject"]);
        assert!(errors[1].detail.starts_with("Step 2: "));
        assert!(checked_steps(vec![good; 21], &known).is_err());
    }
}
