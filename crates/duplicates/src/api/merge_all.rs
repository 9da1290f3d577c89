use axum::{Json, extract::State};
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite};
use jobs::JobStatus;
use kernel::ChangeSetId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{actions::merge_all, jobs::merge_all::Progress, pages::whole};

/// How merging many clusters is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MergeAllStatus {
    /// `ready`, `running`, `done`, `stopped` or `dead`; `none`: nobody asked for it lately.
    state: String,
    merged: i64,
    /// Clusters that were sure enough when it began.
    total: i64,
    /// Clusters that were left as they were: a mail was on its way, or a field was refused.
    failed: usize,
    /// What undoes all of it.
    change_set_id: Option<ChangeSetId>,
}

impl From<Option<JobStatus>> for MergeAllStatus {
    fn from(job: Option<JobStatus>) -> Self {
        let state = job.as_ref().map_or_else(|| "none".to_owned(), |job| job.state.clone());
        let progress: Progress = job.and_then(|job| job.progress).and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
        Self { state, merged: progress.merged, total: progress.total, failed: progress.failed.len(), change_set_id: progress.change_set }
    }
}

/// Read how merging many clusters is doing
#[utoipa::path(get, path = "/api/v1/duplicates/merge-all", tag = "duplicates",
    responses((status = 200, body = MergeAllStatus), (status = 403, body = ProblemBody)))]
pub(super) async fn get_merge_all(State(app): State<App>, viewer: Can<LeadsRead>) -> Result<Json<MergeAllStatus>, Problem> {
    whole(&viewer)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let job = merge_all::status(&tx).await?;
    tx.commit().await?;
    Ok(Json(job.into()))
}

/// Stop merging many clusters
///
/// What was merged stays merged and can be undone.
#[utoipa::path(delete, path = "/api/v1/duplicates/merge-all", tag = "duplicates", responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn delete_merge_all(State(app): State<App>, viewer: Can<LeadsWrite>) -> Result<StatusCode, Problem> {
    whole(&viewer)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let stopped = merge_all::stop(&tx).await?;
    tx.commit().await?;
    if stopped { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// From which probability on.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeAllRequest {
    #[garde(skip)]
    at_least: f64,
}

/// The job that does it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MergeAllBody {
    /// `null`: one waits already.
    job_id: Option<i64>,
}

/// Merge every cluster that is at least so probable
///
/// In the background, the surest first, with the best value of each field, in one change set.
#[utoipa::path(post, path = "/api/v1/duplicates/merge-all", tag = "duplicates", request_body = MergeAllRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 202, body = MergeAllBody), (status = 422, body = ProblemBody)))]
pub(super) async fn post_merge_all(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    request: Idempotent<MergeAllRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let job = merge_all::merge_all(&tx, request.body.at_least, viewer.actor(), app.clock.now()).await?;
    idempotency.finish(tx, Answer::json(StatusCode::ACCEPTED, &MergeAllBody { job_id: job.map(|job| job.0) })).await
}
