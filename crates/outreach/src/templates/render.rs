//! Turning a text with variables into a mail. The one renderer of preview, test send and campaign.

use mail::template::{Compiled, Kind, TemplateProblem};
use serde_json::Value;

/// Subject and bodies as their author wrote them.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub subject: &'a str,
    pub html: &'a str,
    /// Empty: made from the HTML.
    pub text: &'a str,
}

/// A mail for one recipient, without footer and tracking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub subject: String,
    pub html: String,
    pub text: String,
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{part}, {problem}")]
pub struct RenderError {
    /// `subject`, `html` or `text`.
    pub part: &'static str,
    pub problem: TemplateProblem,
}

/// A parsed mail: parse once, render for each recipient.
#[derive(Debug, Clone)]
pub struct CompiledMail {
    subject: Compiled,
    html: Compiled,
    text: Option<Compiled>,
}

impl CompiledMail {
    /// Parses all parts.
    pub fn new(source: Source<'_>) -> Result<Self, RenderError> {
        let part = |part: &'static str| move |problem| RenderError { part, problem };
        Ok(Self {
            subject: Compiled::new(source.subject, Kind::Text).map_err(part("subject"))?,
            html: Compiled::new(source.html, Kind::Html).map_err(part("html"))?,
            text: if source.text.trim().is_empty() { None } else { Some(Compiled::new(source.text, Kind::Text).map_err(part("text"))?) },
        })
    }

    /// Renders; empty variables leave a gap, as a preview should show.
    pub fn render(&self, values: &Value) -> Result<Rendered, RenderError> {
        self.with(|compiled| compiled.render(values))
    }

    /// Renders for a recipient who must not get a gap: an empty variable without a fallback is an error.
    pub fn render_complete(&self, values: &Value) -> Result<Rendered, RenderError> {
        self.with(|compiled| compiled.render_complete(values))
    }

    fn with(&self, render: impl Fn(&Compiled) -> Result<String, TemplateProblem>) -> Result<Rendered, RenderError> {
        let part = |part: &'static str| move |problem| RenderError { part, problem };
        let subject = render(&self.subject).map_err(part("subject"))?;
        let html = render(&self.html).map_err(part("html"))?;
        if let Some(message) = mail::tangled(&html) {
            return Err(part("html")(TemplateProblem { variable: None, line: 1, message, suggestion: None }));
        }
        let text = match &self.text {
            Some(text) => render(text).map_err(part("text"))?,
            None => mail::text_from_html(&html),
        };
        // A value may hold a line break; a subject may not.
        let subject = subject.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Rendered { subject, html, text })
    }
}
