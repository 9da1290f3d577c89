use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, Problem, redirect};
use identity::{CampaignsSend, Can};
use kernel::CampaignId;

use crate::actions;

/// Stops sending; what is being handed over at this moment is finished.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsSend>,
    ApiPath(id): ApiPath<CampaignId>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::pause(&tx, viewer.actor(), id, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/campaigns/{id}"), Some(Flash::success("Paused. Nothing more is sent until you resume."))))
}
