use axum::{Json, extract::State, response::IntoResponse};
use garde::Validate;
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody, Total, etag, if_match};
use identity::{Can, LeadsRead, LeadsWrite};
use jiff::Timestamp;
use kernel::SegmentId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{cut, limit};
use crate::{
    actions::{self, create::create_segment, update::update_segment},
    model::{NewSegment, Segment, SegmentChange, Size},
    size,
    store::{self, uses::Use},
};

/// Days of sizes that an answer holds.
const HISTORY_DAYS: i64 = 90;
/// Uses that an answer names.
const USES: i64 = 100;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SegmentsQuery {
    /// In the name.
    #[param(value_type = Option<String>)]
    q: String,
    /// Those in the archive instead of the others.
    #[param(value_type = Option<bool>)]
    archived: bool,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Segments, the last changed first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SegmentList {
    data: Vec<Segment>,
    next_cursor: Option<String>,
}

/// A segment with what is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SegmentDetail {
    #[serde(flatten)]
    segment: Segment,
    /// How many leads the reader finds in it now, counted to 10,000.
    leads: Total,
    /// Its sizes of the last 90 days; empty for whoever sees some leads only.
    sizes: Vec<Size>,
    /// What is built on it.
    used_by: Vec<Use>,
}

impl Validate for NewSegment {
    type Context = ();
    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

impl Validate for SegmentChange {
    type Context = ();
    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

/// List segments
#[utoipa::path(get, path = "/api/v1/segments", tag = "segments", params(SegmentsQuery),
    responses((status = 200, body = SegmentList), (status = 422, body = ProblemBody)))]
pub(super) async fn list_segments(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(query): ApiQuery<SegmentsQuery>,
) -> Result<Json<SegmentList>, Problem> {
    let limit = limit(query.limit)?;
    let after = query.cursor.as_deref().map(Cursor::decode::<(Timestamp, SegmentId)>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut data = store::segments::list(&tx, query.archived, &query.q, after, limit + 1).await?;
    tx.commit().await?;
    let more = cut(&mut data, limit);
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&(last.updated_at, last.id)));
    Ok(Json(SegmentList { data, next_cursor }))
}

/// Make a segment
///
/// A dynamic one means whoever matches its filter at any time. A fixed one may begin with whoever matches a filter now; more than
/// 1000 leads are put in by a background job.
#[utoipa::path(post, path = "/api/v1/segments", tag = "segments", request_body = NewSegment,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 201, body = Segment), (status = 422, body = ProblemBody)))]
pub(super) async fn post_segment(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    request: Idempotent<NewSegment>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let segment = create_segment(&app, &tx, request.body, viewer.actor(), now).await?;
    let answer = idempotency.finish(tx, Answer::created(format!("/api/v1/segments/{}", segment.id), &segment)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Read a segment
#[utoipa::path(get, path = "/api/v1/segments/{id}", tag = "segments", params(("id" = SegmentId, Path)),
    responses((status = 200, body = SegmentDetail, headers(("ETag" = String, description = "For If-Match"))), (status = 404, body = ProblemBody)))]
pub(super) async fn get_segment(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<SegmentId>,
) -> Result<impl IntoResponse, Problem> {
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    let segment = store::segments::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let sizes = store::sizes::history(&tx, id, size::days_ago(now, HISTORY_DAYS)).await?;
    let used_by = store::uses::list(&tx, id, USES).await?;
    let population = segment.population(&tx).await?;
    tx.commit().await?;
    let leads = size::now(&app, &viewer.scope, &population).await?;
    Ok((etag(segment.version), Json(SegmentDetail { segment, leads, sizes, used_by })))
}

/// Change a segment
///
/// What is named is changed. With `If-Match` only if nobody changed it meanwhile.
#[utoipa::path(patch, path = "/api/v1/segments/{id}", tag = "segments", request_body = SegmentChange,
    params(("id" = SegmentId, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, body = Segment), (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn patch_segment(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<SegmentId>,
    headers: HeaderMap,
    ApiJson(change): ApiJson<SegmentChange>,
) -> Result<impl IntoResponse, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let segment = update_segment(&app, &tx, id, change, if_match(&headers), viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok((etag(segment.version), Json(segment)))
}

/// Delete a segment
///
/// Its leads stay. Refused (409) while something is built on it.
#[utoipa::path(delete, path = "/api/v1/segments/{id}", tag = "segments", params(("id" = SegmentId, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, description = "it is used", body = ProblemBody)))]
pub(super) async fn delete_segment(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<SegmentId>,
) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::delete::delete_segment(&tx, id, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(StatusCode::NO_CONTENT)
}
