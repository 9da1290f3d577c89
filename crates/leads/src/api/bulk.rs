use axum::extract::State;
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsWrite};
use kernel::{ChangeSetId, LeadId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    actions::bulk::{self, BulkAction, BulkOutcome, Target, bulk_change},
    filter::Filter,
};

/// How many leads can be named; more are meant by a filter.
const MOST_IDS: usize = 1000;

/// Which leads, and what to do with them.
#[derive(Debug, Deserialize, ToSchema)]
pub(super) struct BulkRequest {
    /// These leads (at most 1000); or name a `filter`.
    #[serde(default)]
    ids: Option<Vec<LeadId>>,
    /// Everything that matches; `{}` means all leads.
    #[serde(default)]
    filter: Option<Filter>,
    /// Words that must also occur.
    #[serde(default)]
    q: String,
    #[serde(flatten)]
    action: BulkAction,
}

impl Validate for BulkRequest {
    type Context = ();
    fn validate_into(&self, _: &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        let mut wrong = |field: &str, why: &str| report.append(parent().join(field), garde::Error::new(why));
        match (&self.ids, &self.filter) {
            (Some(_), Some(_)) | (None, None) => wrong("ids", "Say which leads: either ids or filter"),
            (Some(ids), None) if ids.is_empty() || ids.len() > MOST_IDS => wrong("ids", "Name 1 to 1000 leads, or use filter"),
            (Some(_), None) | (None, Some(_)) => {}
        }
    }
}

/// How the change went, or where to watch it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BulkAnswer {
    /// Leads that were not yet as wished; missing while a job does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<i64>,
    /// What undoes it (`POST /api/v1/changes/{id}/undo`); missing when nothing was changed, and while a job does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    change_set_id: Option<ChangeSetId>,
    /// The job that does it, when more than 1000 leads are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<i64>,
}

/// Change many leads
///
/// Up to 1000 at once (200); more by a background job (202), watched at `/api/v1/leads/bulk/{job_id}`.
/// Repeating is harmless: a lead that is as wished is left alone and no event is written. What was changed is a change set,
/// which can be undone for 30 days.
#[utoipa::path(post, path = "/api/v1/leads/bulk", tag = "leads", request_body = BulkRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 200, body = BulkAnswer), (status = 202, body = BulkAnswer), (status = 422, body = ProblemBody)))]
pub(super) async fn bulk_leads(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    request: Idempotent<BulkRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let BulkRequest { ids, filter, q, action } = request.body;
    bulk::allow(&viewer, &action)?;
    let target = ids.map_or_else(|| Target::Matching { filter: filter.unwrap_or_default(), q }, Target::Ids);
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let answer = match bulk_change(&app, &tx, target, action, viewer.actor()).await? {
        BulkOutcome::Done { changed, change_set } => {
            Answer::json(StatusCode::OK, &BulkAnswer { changed: Some(changed), change_set_id: change_set, job_id: None })
        }
        BulkOutcome::Started(job) => Answer {
            location: Some(format!("/api/v1/leads/bulk/{}", job.0)),
            ..Answer::json(StatusCode::ACCEPTED, &BulkAnswer { changed: None, change_set_id: None, job_id: Some(job.0) })
        },
    };
    let answer = idempotency.finish(tx, answer).await?;
    app.feed.nudge();
    Ok(answer)
}
