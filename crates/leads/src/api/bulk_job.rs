//! The job of a bulk change: how far it is, and stopping it.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{ApiPath, App, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite};
use jobs::{JobId, JobStatus};
use kernel::ChangeSetId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::jobs::{BulkProgress, bulk_status};

/// How a bulk change is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BulkJob {
    job_id: i64,
    /// `ready`, `running`, `done`, `stopped` or `dead`.
    state: String,
    /// Somebody has asked it to stop.
    is_stopping: bool,
    /// Leads that it has before it, as counted when it began; 0 before that.
    total: i64,
    /// Leads that it has looked at.
    seen: i64,
    /// Leads that were not yet as wished.
    changed: i64,
    /// Leads a second; `null` before it began.
    rate: Option<i64>,
    /// What undoes it; `null` before it began, and when nothing was changed.
    change_set_id: Option<ChangeSetId>,
}

impl BulkJob {
    fn new(status: JobStatus, progress: &BulkProgress) -> Self {
        Self {
            job_id: status.id.0,
            is_stopping: status.is_active() && status.stop_requested,
            state: status.state,
            total: progress.total,
            seen: progress.seen,
            changed: progress.changed,
            rate: progress.rate(),
            change_set_id: progress.change_set,
        }
    }
}

/// Read how a bulk change is doing
#[utoipa::path(get, path = "/api/v1/leads/bulk/{job}", tag = "leads", params(("job" = i64, Path)),
    responses((status = 200, body = BulkJob), (status = 404, body = ProblemBody)))]
pub(super) async fn get_bulk(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(job): ApiPath<i64>) -> Result<Json<BulkJob>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (status, progress) = bulk_status(&tx, JobId(job)).await?;
    tx.commit().await?;
    Ok(Json(BulkJob::new(status, &progress)))
}

/// Stop a bulk change
///
/// It ends after the leads that it has in hand. What was changed stays changed and can be undone.
#[utoipa::path(delete, path = "/api/v1/leads/bulk/{job}", tag = "leads", params(("job" = i64, Path)),
    responses((status = 204, description = "asked to stop, or at its end already"), (status = 404, body = ProblemBody)))]
pub(super) async fn delete_bulk(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(job): ApiPath<i64>,
) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (status, _) = bulk_status(&tx, JobId(job)).await?;
    jobs::request_stop(&tx, status.id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
