use http_kit::FieldError;
use jiff::Timestamp;
use kernel::TemplateId;
use mail::template::{Kind, MAX_SOURCE, check};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::render::Source;

/// A reusable e-mail.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Template {
    pub id: TemplateId,
    pub name: String,
    /// With variables, like both bodies: `{{ first_name | default("there") }}`.
    pub subject: String,
    pub html: String,
    /// The plain-text part; empty: made from the HTML.
    pub text: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes; send it back in `If-Match`.
    pub version: i32,
}

/// What a person writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct TemplateContent {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub subject: String,
    #[serde(default)]
    pub html: String,
    /// Leave it out to have it made from the HTML.
    #[serde(default)]
    pub text: String,
}

/// What to change (RFC 7396): what is missing stays.
#[derive(Debug, Clone, Default, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct TemplateChange {
    pub name: Option<String>,
    pub subject: Option<String>,
    pub html: Option<String>,
    pub text: Option<String>,
}

impl Template {
    /// The parts that are rendered.
    pub fn source(&self) -> Source<'_> {
        Source { subject: &self.subject, html: &self.html, text: &self.text }
    }

    /// As its form shows it.
    pub fn content(&self) -> TemplateContent {
        TemplateContent { name: self.name.clone(), subject: self.subject.clone(), html: self.html.clone(), text: self.text.clone() }
    }
}

impl TemplateChange {
    /// The content after the change.
    pub fn onto(self, before: TemplateContent) -> TemplateContent {
        TemplateContent {
            name: self.name.unwrap_or(before.name),
            subject: self.subject.unwrap_or(before.subject),
            html: self.html.unwrap_or(before.html),
            text: self.text.unwrap_or(before.text),
        }
    }
}

impl TemplateContent {
    /// The parts that are rendered.
    pub fn source(&self) -> Source<'_> {
        Source { subject: &self.subject, html: &self.html, text: &self.text }
    }

    /// Tidies what was typed and refuses what could never be sent. `known` are the variables there are.
    ///
    /// A custom field that no lead has yet is let through, because a template may be written before the
    /// import that brings the field; the checks and the preflight of a campaign name it.
    pub fn checked(mut self, known: &[String]) -> Result<Self, Vec<FieldError>> {
        self.name = self.name.split_whitespace().collect::<Vec<_>>().join(" ");
        self.subject = self.subject.trim().to_owned();
        for body in [&mut self.html, &mut self.text] {
            *body = body.replace("\r\n", "\n");
        }
        let mut errors = Vec::new();
        let mut refuse =
            |field: &str, code: &str, why: String| errors.push(FieldError::new(format!("/{field}"), format!("{field}.{code}"), why));
        if self.name.is_empty() {
            refuse("name", "missing", "The template needs a name to be found by".to_owned());
        } else if self.name.chars().count() > 200 {
            refuse("name", "long", "The name is longer than 200 characters".to_owned());
        }
        if self.subject.is_empty() {
            refuse("subject", "missing", "A mail needs a subject".to_owned());
        } else if self.subject.chars().count() > 500 {
            refuse("subject", "long", "The subject is longer than 500 characters; inboxes show about 60".to_owned());
        } else if self.subject.chars().any(char::is_control) {
            refuse("subject", "line_break", "The subject must be one line".to_owned());
        }
        if self.html.trim().is_empty() {
            refuse("html", "missing", "A mail needs a body".to_owned());
        }
        for (field, body) in [("html", &self.html), ("text", &self.text)] {
            if body.len() > MAX_SOURCE {
                refuse(field, "long", format!("This has {}; {} are allowed", ui::bytes(body.len() as u64), ui::bytes(MAX_SOURCE as u64)));
            } else if body.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
                refuse(
                    field,
                    "control",
                    "This contains a control character that no mail may have; write the text again without it".to_owned(),
                );
            }
        }
        let known: Vec<&str> = known.iter().map(String::as_str).collect();
        for (field, source) in [("subject", &self.subject), ("html", &self.html), ("text", &self.text)] {
            let fatal = check(source, &known).into_iter().find(|problem| !is_custom(problem.variable.as_deref()));
            if let Some(problem) = fatal {
                refuse(field, "template", sentence(&problem.to_string()));
            } else if let Err(problem) = mail::template::Compiled::new(source, Kind::Html) {
                refuse(field, "template", sentence(&problem.to_string()));
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(errors) }
    }
}

/// Whether a problem is about a custom field.
pub(super) fn is_custom(variable: Option<&str>) -> bool {
    variable.is_some_and(|name| name.starts_with("custom."))
}

/// With a capital at the front.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(subject: &str, html: &str) -> TemplateContent {
        TemplateContent { name: " First   touch ".to_owned(), subject: subject.to_owned(), html: html.to_owned(), text: String::new() }
    }

    #[test]
    fn what_cannot_be_sent_is_refused_at_its_field() {
        let known = ["first_name".to_owned(), "custom.budget".to_owned()];
        assert_eq!(content("Hi {{ first_name }}", "<p>x</p>").checked(&known).unwrap().name, "First touch");
        assert!(content("Hi", "<p>{{ custom.not_there_yet }}</p>").checked(&known).is_ok());
        for (content, pointer, words) in [
            (content("", "x"), "/subject", "needs a subject"),
            (content("a\nb", "x"), "/subject", "one line"),
            (content("x", " "), "/html", "needs a body"),
            (content("Hi {{ frist_name }}", "x"), "/subject", "did you mean `first_name`"),
            (content("Hi", "\n{% if first_name %}"), "/html", "cannot be read"),
            (TemplateContent { name: " ".to_owned(), ..content("x", "y") }, "/name", "name"),
        ] {
            let errors = content.checked(&known).unwrap_err();
            assert_eq!(errors.len(), 1, "{errors:?}");
            assert_eq!(errors[0].pointer, pointer);
            assert!(errors[0].detail.contains(words), "{errors:?}");
        }
    }
}
