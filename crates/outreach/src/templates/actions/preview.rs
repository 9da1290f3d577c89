use db::TenantTx;
use http_kit::Problem;
use identity::Viewer;
use kernel::LeadId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::templates::{
    checks::{Check, checks},
    render::{CompiledMail, Rendered, Source},
    variables::{self, Recipient, Sender},
};

/// A mail as one lead would get it, or with the examples.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TemplatePreview {
    /// `null`: filled with the examples.
    pub lead: Option<Recipient>,
    /// Empty when it could not be rendered; then `error` says why.
    pub subject: String,
    pub html: String,
    /// The plain-text part, made from the HTML where there is none.
    pub text: String,
    pub error: Option<String>,
    pub checks: Vec<Check>,
}

/// Renders as the lead (404 for another organisation's), from the signed-in person.
pub async fn preview(tx: &TenantTx, viewer: &Viewer, source: Source<'_>, lead: Option<LeadId>) -> Result<TemplatePreview, Problem> {
    let custom = variables::custom_fields(tx).await?;
    let lead = match lead {
        Some(id) => Some(variables::find_recipient(tx, id).await?.ok_or_else(Problem::not_found)?),
        None => None,
    };
    let sender = Sender { name: &viewer.name, email: &viewer.email, organisation: &viewer.org_name };
    let values = match &lead {
        Some(lead) => lead.values(sender, "https://example.org/unsubscribe", &custom),
        None => variables::example_values(sender, &custom),
    };
    let rendered = CompiledMail::new(source).and_then(|mail| mail.render(&values));
    let known = variables::known_names(&custom);
    let checks = checks(source, &known, rendered.as_ref().ok());
    let (mail, error) = match rendered {
        Ok(mail) => (mail, None),
        Err(error) => (Rendered { subject: String::new(), html: String::new(), text: String::new() }, Some(told(&error))),
    };
    Ok(TemplatePreview { lead, subject: mail.subject, html: mail.html, text: mail.text, error, checks })
}

fn told(error: &crate::templates::render::RenderError) -> String {
    let part = match error.part {
        "subject" => "In the subject",
        "text" => "In the plain text",
        _ => "In the body",
    };
    format!("{part}, {}.", error.problem)
}
