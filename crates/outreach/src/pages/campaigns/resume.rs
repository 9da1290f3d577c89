use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, Problem, redirect};
use identity::{CampaignsSend, Can};
use kernel::CampaignId;

use crate::actions;

/// Goes on where it was paused; nothing is sent twice.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsSend>,
    ApiPath(id): ApiPath<CampaignId>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::resume(&tx, viewer.actor(), id, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/campaigns/{id}"), Some(Flash::success("Running again."))))
}
