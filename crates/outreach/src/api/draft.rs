//! Writing campaigns.

use axum::{Json, extract::State};
use http::{HeaderMap, HeaderName, StatusCode, header};
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody, Total};
use identity::{CampaignsRead, CampaignsWrite, Can};
use jiff::Timestamp;
use kernel::{CampaignId, Uuid};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{cut, if_match, limit};
use crate::{
    actions,
    model::{Campaign, CampaignChange, CampaignStatus, CampaignSummary, NewCampaign, Step, StepInput},
    store,
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, change, remove)).routes(routes!(replace_steps))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    #[param(inline)]
    status: Option<CampaignStatus>,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Campaigns, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct CampaignList {
    data: Vec<CampaignSummary>,
    next_cursor: Option<String>,
    total: Total,
}

/// A campaign with its sequence.
#[derive(Debug, Serialize, ToSchema)]
struct CampaignBody {
    #[serde(flatten)]
    campaign: Campaign,
    steps: Vec<Step>,
}

/// A whole sequence.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
struct StepsBody {
    #[garde(skip)]
    steps: Vec<StepInput>,
}

type Tagged = ([(HeaderName, String); 1], Json<CampaignBody>);

fn tagged(campaign: Campaign, steps: Vec<Step>) -> Tagged {
    ([(header::ETAG, format!("\"{}\"", campaign.version))], Json(CampaignBody { campaign, steps }))
}

/// List campaigns
#[utoipa::path(get, operation_id = "list_campaigns", path = "/api/v1/campaigns", tag = "campaigns", params(ListQuery),
    responses((status = 200, body = CampaignList), (status = 422, body = ProblemBody)))]
async fn list(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<CampaignList>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(Cursor::decode::<(Timestamp, Uuid)>).transpose()?.map(|(at, id)| (at, CampaignId::from(id)));
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut data = store::campaigns::list(&tx, query.status, before, limit + 1).await?;
    let value = store::campaigns::count(&tx, query.status).await?;
    tx.commit().await?;
    let more = cut(&mut data, limit);
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&(last.campaign.created_at, last.campaign.id.uuid())));
    Ok(Json(CampaignList { data, next_cursor, total: Total { value, exact: true } }))
}

/// Start a campaign
///
/// A draft: nothing is sent before it is launched. Steps may come with it or follow.
#[utoipa::path(post, operation_id = "post_campaign", path = "/api/v1/campaigns", tag = "campaigns", request_body = NewCampaign,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = CampaignBody), (status = 422, body = ProblemBody)))]
async fn create(State(app): State<App>, viewer: Can<CampaignsWrite>, request: Idempotent<NewCampaign>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let mut new = request.body;
    new.sender_name.get_or_insert_with(|| viewer.name.clone());
    new.sender_address.get_or_insert_with(|| viewer.email.clone());
    let campaign = actions::create_campaign(&tx, viewer.actor(), new, app.clock.now()).await?;
    let steps = store::steps::list(&tx, campaign.id).await?;
    let body = CampaignBody { campaign, steps };
    idempotency.finish(tx, Answer::created(format!("/api/v1/campaigns/{}", body.campaign.id), &body)).await
}

/// Read a campaign
#[utoipa::path(get, operation_id = "get_campaign", path = "/api/v1/campaigns/{id}", tag = "campaigns", params(("id" = CampaignId, Path)),
    responses((status = 200, body = CampaignBody), (status = 404, body = ProblemBody)))]
async fn read(State(app): State<App>, viewer: Can<CampaignsRead>, ApiPath(id): ApiPath<CampaignId>) -> Result<Tagged, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaign = store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let steps = store::steps::list(&tx, id).await?;
    Ok(tagged(campaign, steps))
}

/// Change a draft
///
/// With `If-Match`, only the version that was read; somebody else's change in between is 412.
#[utoipa::path(patch, operation_id = "patch_campaign", path = "/api/v1/campaigns/{id}", tag = "campaigns", request_body = CampaignChange,
    params(("id" = CampaignId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = CampaignBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn change(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<CampaignId>,
    headers: HeaderMap,
    ApiJson(change): ApiJson<CampaignChange>,
) -> Result<Tagged, Problem> {
    let expected = if_match(&headers)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaign = actions::update_campaign(&tx, viewer.actor(), id, change, expected, app.clock.now()).await?;
    let steps = store::steps::list(&tx, id).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(tagged(campaign, steps))
}

/// Throw a draft away
#[utoipa::path(delete, operation_id = "delete_campaign", path = "/api/v1/campaigns/{id}", tag = "campaigns", params(("id" = CampaignId, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn remove(State(app): State<App>, viewer: Can<CampaignsWrite>, ApiPath(id): ApiPath<CampaignId>) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::delete_campaign(&tx, viewer.actor(), id, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(StatusCode::NO_CONTENT)
}

/// Replace a draft's steps
///
/// In their order. A step that names its id stays the same step.
#[utoipa::path(put, operation_id = "put_campaign_steps", path = "/api/v1/campaigns/{id}/steps", tag = "campaigns", request_body = StepsBody, params(("id" = CampaignId, Path)),
    responses((status = 200, body = Vec<Step>), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn replace_steps(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<CampaignId>,
    ApiJson(body): ApiJson<StepsBody>,
) -> Result<Json<Vec<Step>>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let steps = actions::set_steps(&tx, viewer.actor(), id, body.steps, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(Json(steps))
}
