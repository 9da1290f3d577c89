//! The send ledger of a campaign.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody};
use identity::{CampaignsRead, CampaignsSend, Can};
use kernel::{CampaignId, SendId, Uuid};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{cut, limit};
use crate::{
    actions,
    model::{EnrollmentCounts, LedgerFilter, Resolution, SendRow, SendState, StepNumbers},
    store,
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(numbers)).routes(routes!(resolve))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SendsQuery {
    #[param(inline)]
    state: Option<SendState>,
    /// The step's position.
    step: Option<i16>,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Rows of the ledger, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct SendList {
    data: Vec<SendRow>,
    next_cursor: Option<String>,
}

/// A campaign in numbers.
#[derive(Debug, Serialize, ToSchema)]
struct CampaignNumbers {
    leads: EnrollmentCounts,
    steps: Vec<StepNumbers>,
}

/// What a person knows about a send whose outcome is unknown.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
struct Verdict {
    verdict: Resolution,
}

/// List a campaign's sends
#[utoipa::path(get, operation_id = "list_sends", path = "/api/v1/campaigns/{id}/sends", tag = "campaigns", params(("id" = CampaignId, Path), SendsQuery),
    responses((status = 200, body = SendList), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn list(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<CampaignId>,
    ApiQuery(query): ApiQuery<SendsQuery>,
) -> Result<Json<SendList>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(Cursor::decode::<Uuid>).transpose()?.map(SendId::from);
    let tx = app.db.tenant(&viewer.scope).await?;
    store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let mut data = store::sends::list(&tx, id, LedgerFilter { state: query.state, step: query.step }, before, limit + 1).await?;
    tx.commit().await?;
    let more = cut(&mut data, limit);
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&last.id.uuid()));
    Ok(Json(SendList { data, next_cursor }))
}

/// A campaign's numbers by step
#[utoipa::path(get, operation_id = "campaign_numbers", path = "/api/v1/campaigns/{id}/numbers", tag = "campaigns", params(("id" = CampaignId, Path)),
    responses((status = 200, body = CampaignNumbers), (status = 404, body = ProblemBody)))]
async fn numbers(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<CampaignId>,
) -> Result<Json<CampaignNumbers>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let (leads, steps) = (store::enrollments::counts(&tx, id).await?, store::sends::numbers(&tx, id).await?);
    Ok(Json(CampaignNumbers { leads, steps }))
}

/// Settle a send whose outcome is unknown
///
/// `sent`: it arrived, the lead goes on to the next step. `not_sent`: it is sent again.
#[utoipa::path(post, operation_id = "resolve_send", path = "/api/v1/sends/{id}/resolve", tag = "campaigns", request_body = Verdict,
    params(("id" = SendId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = SendRow), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn resolve(
    State(app): State<App>,
    viewer: Can<CampaignsSend>,
    ApiPath(id): ApiPath<SendId>,
    request: Idempotent<Verdict>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    actions::resolve_unknown(&tx, viewer.actor(), id, request.body.verdict, app.clock.now()).await?;
    let row = store::sends::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &row)).await?;
    app.feed.nudge();
    Ok(answer)
}
