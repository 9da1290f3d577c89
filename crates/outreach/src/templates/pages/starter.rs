use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{Answer, ApiPath, App, Flash, PageForm, Problem, redirect};
use identity::{CampaignsWrite, Can};
use serde::Deserialize;

use crate::templates::{TemplateContent, create_template, starters::STARTERS, store};

#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// Makes a template from a ready text and opens it.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(key): ApiPath<String>,
    sent: PageForm<Nothing>,
) -> Result<Response, Problem> {
    let starter = STARTERS.iter().find(|starter| starter.key == key).ok_or_else(Problem::not_found)?;
    let Nothing {} = sent.value;
    let idempotency = sent.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    let content = starter.content();
    let name = store::free_name(&tx, &content.name).await?;
    let template = create_template(&tx, viewer.actor(), TemplateContent { name, ..content }, app.clock.now()).await?;
    let to = format!("/templates/{}", template.id);
    idempotency.finish(tx, Answer::see_other(&to)).await?;
    app.feed.nudge();
    Ok(redirect(&to, Some(Flash::success("Template made. Change the words until they are yours."))))
}
