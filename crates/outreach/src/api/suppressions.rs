//! Addresses that are never written to.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody, Total};
use identity::{CampaignsRead, CampaignsSend, CampaignsWrite, Can};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{cut, limit};
use crate::{
    actions,
    model::{NewSuppression, Suppression, SuppressionReason},
    store,
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, add)).routes(routes!(remove))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// A part of the address.
    #[serde(default)]
    q: String,
    #[param(inline)]
    reason: Option<SuppressionReason>,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Suppressed addresses, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct SuppressionList {
    data: Vec<Suppression>,
    next_cursor: Option<String>,
    /// All of the organisation's, whatever was asked for.
    total: Total,
}

/// List suppressed addresses
#[utoipa::path(get, operation_id = "list_suppressions", path = "/api/v1/suppressions", tag = "suppressions", params(ListQuery),
    responses((status = 200, body = SuppressionList), (status = 422, body = ProblemBody)))]
async fn list(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<SuppressionList>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(Cursor::decode::<(Timestamp, String)>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut data = store::suppressions::list(&tx, &query.q, query.reason, before, limit + 1).await?;
    let value = store::suppressions::count(&tx).await?;
    tx.commit().await?;
    let more = cut(&mut data, limit);
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&(last.at, &last.email)));
    Ok(Json(SuppressionList { data, next_cursor, total: Total { value, exact: true } }))
}

/// Suppress an address
#[utoipa::path(post, operation_id = "post_suppression", path = "/api/v1/suppressions", tag = "suppressions", request_body = NewSuppression,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Suppression), (status = 422, body = ProblemBody)))]
async fn add(State(app): State<App>, viewer: Can<CampaignsWrite>, request: Idempotent<NewSuppression>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let suppression = actions::suppress(&tx, viewer.actor(), request.body, app.clock.now()).await?;
    let answer = Answer::created(format!("/api/v1/suppressions/{}", suppression.email), &suppression);
    let answer = idempotency.finish(tx, answer).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Take an address off the list
///
/// Sequences that ended because of it stay ended. What the recipient has said (unsubscribed, complained) cannot be lifted here: 409.
#[utoipa::path(delete, operation_id = "delete_suppression", path = "/api/v1/suppressions/{email}", tag = "suppressions", params(("email" = String, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn remove(State(app): State<App>, viewer: Can<CampaignsSend>, ApiPath(email): ApiPath<String>) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::unsuppress(&tx, viewer.actor(), &email, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(StatusCode::NO_CONTENT)
}
