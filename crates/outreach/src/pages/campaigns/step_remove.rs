use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, Problem, redirect};
use identity::{CampaignsWrite, Can};
use kernel::{CampaignId, StepId};

use crate::{actions::set_steps, model::StepInput, store};

/// Takes an e-mail out of a draft's sequence.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath((id, step)): ApiPath<(CampaignId, StepId)>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let before = store::steps::list(&tx, id).await?;
    if !before.iter().any(|found| found.id == step) {
        return Err(Problem::not_found());
    }
    let steps: Vec<StepInput> = before.into_iter().filter(|found| found.id != step).map(StepInput::from).collect();
    set_steps(&tx, viewer.actor(), id, steps, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/campaigns/{id}"), Some(Flash::success("E-mail removed."))))
}
