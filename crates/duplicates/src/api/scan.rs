use axum::{Json, extract::State};
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite};
use jobs::JobStatus;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{actions::scan, jobs::scan::Progress, pages::whole};

/// A request that says everything by its address.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
pub(super) struct Nothing {}

/// How the newest scan is doing.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ScanBody {
    /// `ready`, `running`, `done`, `stopped` or `dead`; `none`: there was none lately.
    state: String,
    /// Leads compared, and how many there are.
    done: i64,
    total: i64,
    /// Pairs found that may be one person.
    pairs: i64,
}

impl From<Option<JobStatus>> for ScanBody {
    fn from(job: Option<JobStatus>) -> Self {
        let state = job.as_ref().map_or_else(|| "none".to_owned(), |job| job.state.clone());
        let progress: Progress = job.and_then(|job| job.progress).and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
        Self { state, done: progress.done, total: progress.total, pairs: progress.pairs }
    }
}

/// Read how the scan for duplicates is doing
#[utoipa::path(get, path = "/api/v1/duplicates/scan", tag = "duplicates",
    responses((status = 200, body = ScanBody), (status = 403, body = ProblemBody)))]
pub(super) async fn get_scan(State(app): State<App>, viewer: Can<LeadsRead>) -> Result<Json<ScanBody>, Problem> {
    // It counts everybody's leads.
    whole(&viewer)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let job = scan::status(&tx).await?;
    tx.commit().await?;
    Ok(Json(job.into()))
}

/// Compare all leads in the background
///
/// New and changed leads are compared by themselves; a scan is for what was there before. One that waits already is enough.
#[utoipa::path(post, path = "/api/v1/duplicates/scan", tag = "duplicates",
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 202, body = ScanBody), (status = 403, body = ProblemBody)))]
pub(super) async fn post_scan(State(app): State<App>, viewer: Can<LeadsWrite>, request: Idempotent<Nothing>) -> Result<Answer, Problem> {
    whole(&viewer)?;
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    scan::start(&tx, viewer.actor(), app.clock.now()).await?;
    let answer = Answer::json(StatusCode::ACCEPTED, &ScanBody::from(scan::status(&tx).await?));
    idempotency.finish(tx, answer).await
}

/// Stop the scan
///
/// What it has found stays.
#[utoipa::path(delete, path = "/api/v1/duplicates/scan", tag = "duplicates", responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn delete_scan(State(app): State<App>, viewer: Can<LeadsWrite>) -> Result<StatusCode, Problem> {
    whole(&viewer)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let stopped = scan::stop(&tx).await?;
    tx.commit().await?;
    if stopped { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}
