use axum::{Json, extract::State};
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead};
use jobs::{Job, JobId};
use kernel::SegmentId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    actions::measure_overlap::{overlap_later, overlap_now},
    jobs::{Found, MeasureOverlap},
    model::Overlap,
};

/// Which two.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub(super) struct OverlapRequest {
    a: SegmentId,
    b: SegmentId,
}

/// What two segments share, or where to ask for it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OverlapAnswer {
    /// Missing while a job counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    overlap: Option<Overlap>,
    /// The job that counts, when one of the two has more than 100,000 leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<i64>,
}

/// Find out what two segments share
///
/// At once while neither has more than 100,000 leads (200), else by a background job (202): ask for its answer at `Location`.
#[utoipa::path(post, path = "/api/v1/segments/overlap", tag = "segments", request_body = OverlapRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 200, body = OverlapAnswer), (status = 202, body = OverlapAnswer), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn post_overlap(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    request: Idempotent<OverlapRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let (now, pair) = (app.clock.now(), [request.body.a, request.body.b]);
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let answer = match overlap_now(&app, &tx, pair, now).await? {
        Some(overlap) => Answer::json(StatusCode::OK, &OverlapAnswer { overlap: Some(overlap), job_id: None }),
        None => {
            let job = overlap_later(&tx, pair, viewer.user_id).await?;
            Answer {
                location: Some(format!("/api/v1/segments/overlap/{}", job.0)),
                ..Answer::json(StatusCode::ACCEPTED, &OverlapAnswer { overlap: None, job_id: Some(job.0) })
            }
        }
    };
    idempotency.finish(tx, answer).await
}

/// Read what a job found out about two segments
#[utoipa::path(get, path = "/api/v1/segments/overlap/{job_id}", tag = "segments", params(("job_id" = i64, Path)),
    responses((status = 200, body = OverlapAnswer), (status = 404, body = ProblemBody)))]
pub(super) async fn get_overlap(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(job): ApiPath<i64>,
) -> Result<Json<OverlapAnswer>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let status =
        jobs::status(&tx, JobId(job)).await?.filter(|status| status.kind == MeasureOverlap::KIND).ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    let found = Found::of(&status, &viewer).ok_or_else(Problem::not_found)?;
    let job_id = found.overlap.is_none().then_some(job);
    Ok(Json(OverlapAnswer { overlap: found.overlap, job_id }))
}
