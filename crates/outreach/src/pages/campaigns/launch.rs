use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, App, Flash, Problem, redirect};
use identity::{CampaignsSend, Can};
use kernel::CampaignId;

use super::preflight;
use crate::actions::{CampaignError, launch};

/// Begins sending. Launching twice is launching once.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsSend>,
    ApiPath(id): ApiPath<CampaignId>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    match launch(&tx, &app, viewer.actor(), id, app.clock.now()).await {
        Ok(campaign) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect(&format!("/campaigns/{id}"), Some(Flash::success(format!("“{}” is running.", campaign.name)))))
        }
        // Something broke between the check and the button: the list of checks says what.
        Err(CampaignError::NotReady(_)) => {
            drop(tx);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, preflight::render(&app, &viewer, id).await?).into_response())
        }
        Err(error) => Err(error.into()),
    }
}
