use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{CampaignsWrite, Can};
use kernel::{LeadId, TemplateId};
use serde::Deserialize;

use crate::templates::{preview, render::Rendered, send_test, store};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TestForm {
    lead: String,
}

/// Sends the mail, as the chosen lead would get it, to the signed-in person.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<TemplateId>,
    sent: PageForm<TestForm>,
) -> Result<Response, Problem> {
    let lead = sent.value.lead.parse::<LeadId>().ok();
    let tx = app.db.tenant(&viewer.scope).await?;
    let template = store::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let shown = preview(&tx, &viewer, template.source(), lead).await?;
    // The mail server may take its time; a database connection should not wait for it.
    tx.commit().await?;
    let back = lead.map_or_else(|| format!("/templates/{id}"), |lead| format!("/templates/{id}?lead={lead}"));
    if let Some(error) = shown.error {
        return Ok(redirect(&back, Some(Flash::error(format!("Nothing was sent. {error}")))));
    }
    match send_test(&app, &viewer, Rendered { subject: shown.subject, html: shown.html, text: shown.text }).await {
        Ok(()) => {
            let flash = Flash::success(format!("Sent to {}.", viewer.email));
            let caught = matches!(app.mailer, mail::Mailer::Catcher(_));
            Ok(redirect(&back, Some(if caught { flash.link("Read it", "/catcher") } else { flash })))
        }
        Err(problem) if problem.kind == ProblemKind::Conflict => Ok(redirect(&back, Some(Flash::error(problem.detail)))),
        Err(problem) => Err(problem),
    }
}
