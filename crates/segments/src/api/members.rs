use axum::{Json, extract::State};
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite};
use kernel::{ChangeSetId, LeadId, SegmentId};
use leads::{Filter, Lead, ListQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{cut, limit};
use crate::{
    actions::change_members::{Changed, change_members},
    model::{MemberAction, Source},
    population::Population,
    store,
};

/// How many leads can be named; more are meant by a filter.
const MOST_IDS: usize = 1000;

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct MembersQuery {
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Leads of a segment: of a dynamic one the best score first, of a fixed one in the order of their ids.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberList {
    data: Vec<Lead>,
    next_cursor: Option<String>,
}

/// Which leads, and which way.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MembersRequest {
    action: MemberAction,
    /// These leads (at most 1000); or name a `filter` or a `change_set`.
    ids: Option<Vec<LeadId>>,
    /// Everything that matches now.
    filter: Option<Filter>,
    /// Everything that an import, or another change of many leads, has made or changed.
    change_set: Option<ChangeSetId>,
}

impl Validate for MembersRequest {
    type Context = ();
    fn validate_into(&self, _: &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        let mut wrong = |why: &str| report.append(parent().join("ids"), garde::Error::new(why));
        let named = [self.ids.is_some(), self.filter.is_some(), self.change_set.is_some()];
        if named.iter().filter(|is_named| **is_named).count() != 1 {
            wrong("Say which leads: ids, filter or change_set, and one of them only");
        }
        if self.ids.as_ref().is_some_and(|ids| ids.is_empty() || ids.len() > MOST_IDS) {
            wrong("Name 1 to 1000 leads, or use filter");
        }
    }
}

/// How the change went, or where to watch it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MembersAnswer {
    /// Leads that were not yet as wished; missing while a job does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<i64>,
    /// The job that does it, when more than 1000 leads are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<i64>,
}

/// List the leads of a segment
#[utoipa::path(get, path = "/api/v1/segments/{id}/members", tag = "segments", params(("id" = SegmentId, Path), MembersQuery),
    responses((status = 200, body = MemberList), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn list_segment_members(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<SegmentId>,
    ApiQuery(query): ApiQuery<MembersQuery>,
) -> Result<Json<MemberList>, Problem> {
    let limit = limit(query.limit)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    match Population::of(&tx, id).await?.ok_or_else(Problem::not_found)? {
        Population::Matching(filter) => {
            tx.commit().await?;
            let list = ListQuery { filter, limit, cursor: query.cursor, ..ListQuery::default() };
            let page = leads::list(&app, &viewer.scope, &list).await?;
            Ok(Json(MemberList { data: page.rows, next_cursor: page.next }))
        }
        Population::Members(id) => {
            let after = query.cursor.as_deref().map(Cursor::decode::<LeadId>).transpose()?;
            let mut ids = store::members::page(&tx, id, after, limit + 1).await?;
            let more = cut(&mut ids, limit);
            let next_cursor = ids.last().filter(|_| more).map(Cursor::encode);
            let data = leads::get_many(&tx, &ids).await?;
            tx.commit().await?;
            Ok(Json(MemberList { data, next_cursor }))
        }
    }
}

/// Put leads into a fixed segment, or take them out
///
/// Up to 1000 at once (200); more by a background job (202), watched at `/segments/jobs/{job_id}`. Repeating is harmless.
#[utoipa::path(post, path = "/api/v1/segments/{id}/members", tag = "segments", request_body = MembersRequest,
    params(("id" = SegmentId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 200, body = MembersAnswer), (status = 202, body = MembersAnswer), (status = 404, body = ProblemBody),
        (status = 409, description = "a dynamic segment", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn post_segment_members(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<SegmentId>,
    request: Idempotent<MembersRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let MembersRequest { action, ids, filter, change_set } = request.body;
    let source = match (ids, filter, change_set) {
        (Some(ids), _, _) => Source::Ids(ids),
        (None, Some(filter), _) => Source::Matching(filter),
        (None, None, Some(set)) => Source::ChangeSet(set),
        (None, None, None) => return Err(Problem::field("/ids", "ids.required", "Say which leads: ids, filter or change_set")),
    };
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let answer = match change_members(&app, &tx, id, source, action, viewer.actor(), now).await? {
        Changed::Done(changed) => Answer::json(StatusCode::OK, &MembersAnswer { changed: Some(changed), job_id: None }),
        Changed::Started(job) => Answer {
            location: Some(format!("/segments/jobs/{}", job.0)),
            ..Answer::json(StatusCode::ACCEPTED, &MembersAnswer { changed: None, job_id: Some(job.0) })
        },
    };
    let answer = idempotency.finish(tx, answer).await?;
    app.feed.nudge();
    Ok(answer)
}
