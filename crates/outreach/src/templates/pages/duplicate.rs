use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{Answer, ApiPath, App, Flash, PageForm, Problem, redirect};
use identity::{CampaignsWrite, Can};
use kernel::TemplateId;
use serde::Deserialize;

use crate::templates::duplicate_template;

#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// Copies a template and opens the copy.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<TemplateId>,
    sent: PageForm<Nothing>,
) -> Result<Response, Problem> {
    let Nothing {} = sent.value;
    let idempotency = sent.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    let copy = duplicate_template(&tx, viewer.actor(), id, app.clock.now()).await?;
    let to = format!("/templates/{}", copy.id);
    idempotency.finish(tx, Answer::see_other(&to)).await?;
    app.feed.nudge();
    Ok(redirect(&to, Some(Flash::success(format!("This is the copy, “{}”.", copy.name)))))
}
