use axum::extract::State;
use http_kit::{ApiPath, ApiQuery, App, Problem, ProblemKind};
use identity::{CampaignsRead, Can};
use kernel::{CampaignId, LeadId, StepId};
use serde::Deserialize;

use crate::{
    actions::preview,
    store,
    templates::{SandboxedMail, document},
};

#[derive(Debug, Deserialize)]
pub(super) struct Query {
    lead: LeadId,
}

/// A saved e-mail as the lead would get it, with its footer, in the sandbox.
pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath((id, step)): ApiPath<(CampaignId, StepId)>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<SandboxedMail, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let steps = store::steps::list(&tx, id).await?;
    let step = steps.into_iter().find(|found| found.id == step).ok_or_else(Problem::not_found)?;
    match preview(&tx, &app, id, step.position, query.lead).await.map_err(Problem::from) {
        Ok(shown) => Ok(document(&shown.subject, &shown.html, None, false)),
        Err(problem) if problem.kind == ProblemKind::Conflict => Ok(document("", "", Some(&problem.detail), false)),
        Err(problem) => Err(problem),
    }
}
