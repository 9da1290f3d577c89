use axum::{Json, extract::State};
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite};
use jobs::JobStatus;
use kernel::{ChangeSetId, ClusterId};
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

/// From which probability on, or which clusters: one of the two.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MergeAllRequest {
    #[garde(skip)]
    at_least: Option<f64>,
    /// 1 to 200 clusters, merged however sure they are; those that are gone meanwhile are left out.
    #[garde(skip)]
    cluster_ids: Option<Vec<ClusterId>>,
}

/// The job that does it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MergeAllBody {
    /// `null`: one waits already.
    job_id: Option<i64>,
}

/// Merge every cluster that is at least so probable, or those that you name
///
/// In the background, the surest first, with the best value of each field, in one change set.
#[utoipa::path(post, path = "/api/v1/duplicates/merge-all", tag = "duplicates", request_body = MergeAllRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 202, body = MergeAllBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
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
    let (actor, now) = (viewer.actor(), app.clock.now());
    let job = match (request.body.at_least, request.body.cluster_ids) {
        (Some(at_least), None) => merge_all::merge_all(&tx, at_least, actor, now).await?,
        (None, Some(chosen)) => Some(merge_all::merge_chosen(&tx, &chosen, "/cluster_ids", actor, now).await?),
        (Some(_), Some(_)) | (None, None) => {
            return Err(Problem::field("/at_least", "at_least.or_clusters", "Name a probability in at_least, or clusters in cluster_ids"));
        }
    };
    idempotency.finish(tx, Answer::json(StatusCode::ACCEPTED, &MergeAllBody { job_id: job.map(|job| job.0) })).await
}
