//! Looking at a campaign before its launch, and running it.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiPath, ApiQuery, App, Idempotent, Problem, ProblemBody};
use identity::{CampaignsRead, CampaignsSend, Can};
use kernel::{CampaignId, LeadId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Nothing;
use crate::{
    actions,
    model::{Campaign, Preflight, Preview},
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(show_preview))
        .routes(routes!(show_preflight))
        .routes(routes!(launch))
        .routes(routes!(pause))
        .routes(routes!(resume))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PreviewQuery {
    #[param(value_type = String)]
    lead: LeadId,
    /// The step's position; 1 when left out.
    step: Option<i16>,
}

/// Preview a step as a lead
#[utoipa::path(get, operation_id = "preview_campaign", path = "/api/v1/campaigns/{id}/preview", tag = "campaigns", params(("id" = CampaignId, Path), PreviewQuery),
    responses((status = 200, body = Preview), (status = 404, body = ProblemBody)))]
async fn show_preview(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<CampaignId>,
    ApiQuery(query): ApiQuery<PreviewQuery>,
) -> Result<Json<Preview>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(actions::preview(&tx, &app, id, query.step.unwrap_or(1), query.lead).await?))
}

/// Check whether a campaign can be launched
#[utoipa::path(get, operation_id = "preflight_campaign", path = "/api/v1/campaigns/{id}/preflight", tag = "campaigns", params(("id" = CampaignId, Path)),
    responses((status = 200, body = Preflight), (status = 404, body = ProblemBody)))]
async fn show_preflight(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<CampaignId>,
) -> Result<Json<Preflight>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(actions::preflight(&tx, &app, id, app.clock.now()).await?))
}

/// Launch a campaign
///
/// Freezes its audience and begins to send. Refused with the failing checks while the preflight has any;
/// launching twice changes nothing.
#[utoipa::path(post, operation_id = "launch_campaign", path = "/api/v1/campaigns/{id}/launch", tag = "campaigns",
    params(("id" = CampaignId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Campaign), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn launch(
    State(app): State<App>,
    viewer: Can<CampaignsSend>,
    ApiPath(id): ApiPath<CampaignId>,
    request: Idempotent<Option<Nothing>>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let campaign = actions::launch(&tx, &app, viewer.actor(), id, app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &campaign)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Pause a campaign
///
/// Nothing more is claimed; what is being handed over at this moment is finished.
#[utoipa::path(post, operation_id = "pause_campaign", path = "/api/v1/campaigns/{id}/pause", tag = "campaigns",
    params(("id" = CampaignId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Campaign), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn pause(
    State(app): State<App>,
    viewer: Can<CampaignsSend>,
    ApiPath(id): ApiPath<CampaignId>,
    request: Idempotent<Option<Nothing>>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let campaign = actions::pause(&tx, viewer.actor(), id, app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &campaign)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Resume a campaign
///
/// Goes on where it was; nothing is sent again.
#[utoipa::path(post, operation_id = "resume_campaign", path = "/api/v1/campaigns/{id}/resume", tag = "campaigns",
    params(("id" = CampaignId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Campaign), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn resume(
    State(app): State<App>,
    viewer: Can<CampaignsSend>,
    ApiPath(id): ApiPath<CampaignId>,
    request: Idempotent<Option<Nothing>>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let campaign = actions::resume(&tx, viewer.actor(), id, app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &campaign)).await?;
    app.feed.nudge();
    Ok(answer)
}
