use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, PageForm, Problem, redirect};
use identity::{CampaignsWrite, Can};
use kernel::{CampaignId, StepId};
use serde::Deserialize;

use crate::{actions::set_steps, model::StepInput, store};

#[derive(Debug, Deserialize)]
pub(super) struct MoveForm {
    to: Direction,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Direction {
    Up,
    Down,
}

/// Swaps an e-mail with its neighbour. The pauses stay with their places: the first still goes at launch.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath((id, step)): ApiPath<(CampaignId, StepId)>,
    sent: PageForm<MoveForm>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let before = store::steps::list(&tx, id).await?;
    let at = before.iter().position(|found| found.id == step).ok_or_else(Problem::not_found)?;
    let with = match sent.value.to {
        Direction::Up => at.checked_sub(1),
        Direction::Down => Some(at + 1).filter(|with| *with < before.len()),
    };
    if let Some(with) = with {
        let delays: Vec<i32> = before.iter().map(|step| step.delay_minutes).collect();
        let mut steps: Vec<StepInput> = before.into_iter().map(StepInput::from).collect();
        steps.swap(at, with);
        for (step, delay) in steps.iter_mut().zip(delays) {
            step.delay_minutes = delay;
        }
        set_steps(&tx, viewer.actor(), id, steps, app.clock.now()).await?;
        tx.commit().await?;
        app.feed.nudge();
    }
    Ok(redirect(&format!("/campaigns/{id}"), None))
}
