use axum::extract::State;
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsWrite};
use kernel::{ChangeSetId, ClusterId, LeadId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::scan::Nothing;
use crate::actions::{
    choose::Choices,
    merge::{Merge, merge_one},
    reject,
    take_back_rejection::take_back_rejection,
};

/// What is to become one, and of what.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MergeRequest {
    /// Which of the cluster's leads; the others are different people from then on. Missing: all.
    #[garde(skip)]
    lead_ids: Vec<LeadId>,
    /// Which one stays; missing: the oldest.
    #[garde(skip)]
    into: Option<LeadId>,
    /// Whose value stays, by field: `name`, `email`, `phone`, `title`, `seniority`, `department`, `linkedin_url`, `company`, `place`,
    /// `status`, `owner`, `source`, `external_id`. What is not named gets the best value.
    #[garde(skip)]
    #[schema(value_type = Object)]
    fields: std::collections::BTreeMap<crate::actions::choose::Field, LeadId>,
    /// Whose value stays, by the key of a custom field.
    #[garde(skip)]
    #[schema(value_type = Object)]
    custom: std::collections::BTreeMap<String, LeadId>,
}

/// What came of a merge.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Merged {
    /// The lead that stays.
    pub(super) lead_id: LeadId,
    /// Undone by `POST /api/v1/changes/{id}/undo`.
    pub(super) change_set_id: ChangeSetId,
}

/// Merge a cluster
///
/// What belongs to the leads (sends, enrollments, notes, tasks, segments) moves to the one that stays, whose timeline tells of all of them. Whoever
/// asked not to be written to stays unsubscribed. Everything is one change set, undoable for 30 days.
#[utoipa::path(post, path = "/api/v1/duplicates/{id}/merge", tag = "duplicates", request_body = MergeRequest,
    params(("id" = ClusterId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 200, body = Merged), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn merge_duplicates(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ClusterId>,
    request: Idempotent<MergeRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let MergeRequest { lead_ids, into, fields, custom } = request.body;
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let merge = Merge { leads: &lead_ids, into, choices: &Choices { fields, custom } };
    let (lead, change_set_id) = merge_one(&tx, id, merge, viewer.actor(), app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &Merged { lead_id: lead.id, change_set_id })).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Who is somebody else.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct RejectRequest {
    /// Only this lead is none of the others; missing: all are different people.
    #[garde(skip)]
    only: Option<LeadId>,
}

/// Say that leads are not duplicates
///
/// What was rejected never comes back, unless the rejection is taken back by `POST /api/v1/duplicates/{id}/reject/undo`.
#[utoipa::path(post, path = "/api/v1/duplicates/{id}/reject", tag = "duplicates", request_body = RejectRequest,
    params(("id" = ClusterId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn reject_duplicates(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ClusterId>,
    request: Idempotent<RejectRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    reject::reject(&tx, id, request.body.only, viewer.actor(), app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer { status: StatusCode::NO_CONTENT, location: None, body: None }).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Take a rejection back
///
/// The leads may be one person again: what was decided by the rejection is undecided, and the cluster is proposed as before, under its id.
/// 404 if it was never rejected, or one of its leads is gone or not yours to see; 409 if it was taken back already or decided anew.
#[utoipa::path(post, path = "/api/v1/duplicates/{id}/reject/undo", tag = "duplicates",
    params(("id" = ClusterId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
pub(super) async fn undo_reject(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ClusterId>,
    request: Idempotent<Nothing>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    take_back_rejection(&tx, id, viewer.actor(), app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer { status: StatusCode::NO_CONTENT, location: None, body: None }).await?;
    app.feed.nudge();
    Ok(answer)
}
