use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, Problem, redirect};
use identity::{CampaignsWrite, Can};
use kernel::CampaignId;

use crate::actions::delete_campaign;

/// Throws a draft away.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<CampaignId>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    delete_campaign(&tx, viewer.actor(), id, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect("/campaigns", Some(Flash::success("Draft deleted."))))
}
