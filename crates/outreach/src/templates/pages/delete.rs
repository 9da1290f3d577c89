use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, Problem, redirect};
use identity::{CampaignsWrite, Can};
use kernel::TemplateId;

use crate::templates::delete_template;

/// Removes a template and returns to the list.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<TemplateId>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    delete_template(&tx, viewer.actor(), id, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect("/templates", Some(Flash::success("Template deleted. Campaigns keep their copies of its text."))))
}
