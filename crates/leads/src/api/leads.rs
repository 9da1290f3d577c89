use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite, Viewer};
use kernel::LeadId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::list::{Envelope, ListParams, limit};
use crate::{
    actions::{self, create_lead::create_lead, update_lead::update_lead},
    filter,
    model::{Lead, LeadDraft},
    search::close_matches,
    store::{
        self,
        grid::{self, ListQuery, Page, Sort},
        timeline::TimelineEvent,
    },
};

/// A lead draft as a body: its own check runs in the action and names the fields.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
pub(super) struct NewLead(LeadDraft);

impl Validate for NewLead {
    type Context = ();
    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

/// A merge patch (RFC 7396): what it names is changed, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = LeadDraft)]
pub(super) struct Patch(pub(super) Value);

impl Validate for Patch {
    type Context = ();
    fn validate_into(&self, _: &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        if !self.0.is_object() {
            report.append(parent(), garde::Error::new("The body is a JSON object with the fields to change"));
        }
    }
}

/// A page of leads, and whom a search may have meant besides.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct LeadList {
    #[serde(flatten)]
    page: Envelope<Lead>,
    /// Only with `close=true`: up to 20 leads that are spelt nearly as was searched, the most alike first. They match the filter, are none
    /// of `data` and not part of `total`, and there are none beside a full page or on a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    close_matches: Option<Vec<Lead>>,
}

/// Leads that are spelt nearly so, at most.
const CLOSE: i64 = 20;

/// List leads
///
/// Filtered by the filter language, searched, sorted, in pages by keyset. A search finds what holds all of its words; with `close=true` it
/// also answers with `close_matches` where it finds little, for slips of the pen.
#[utoipa::path(get, path = "/api/v1/leads", tag = "leads", params(ListParams),
    responses((status = 200, body = LeadList), (status = 422, description = "filter, sort, limit or cursor is wrong", body = ProblemBody)))]
pub(super) async fn list_leads(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(params): ApiQuery<ListParams>,
) -> Result<Json<LeadList>, Problem> {
    let query = ListQuery {
        filter: filter::read(&app, &viewer.scope, &params.filter).await?,
        q: params.q,
        sort: Sort::parse(&params.sort).map_err(|error| Problem::invalid(vec![error]))?,
        limit: limit(params.limit)?,
        cursor: params.cursor,
        count: params.total.unwrap_or(true),
        lean: false,
    };
    let page = grid::list(&app, &viewer.scope, &query).await?;
    let close_matches = if params.close { Some(close_to(&app, &viewer, &query, &page).await?) } else { None };
    Ok(Json(LeadList { page: page.into(), close_matches }))
}

/// Leads that are spelt nearly so, where the first page has room for them.
async fn close_to(app: &App, viewer: &Viewer, query: &ListQuery, page: &Page<Lead>) -> Result<Vec<Lead>, Problem> {
    let room = query.limit - i64::try_from(page.rows.len()).unwrap_or(query.limit);
    let is_first = query.cursor.as_deref().is_none_or(str::is_empty);
    if is_first { close_matches(app, &viewer.scope, query, &page.rows, room.min(CLOSE)).await } else { Ok(Vec::new()) }
}

/// Create a lead
///
/// Its account is found or made by the company's domain (or that of a business e-mail address), else by the company's name.
#[utoipa::path(post, path = "/api/v1/leads", tag = "leads", request_body = LeadDraft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses(
        (status = 201, body = Lead, headers(("Location" = String), ("ETag" = String))),
        (status = 422, description = "fields are wrong, or the e-mail address is taken", body = ProblemBody)))]
pub(super) async fn post_lead(State(app): State<App>, viewer: Can<LeadsWrite>, request: Idempotent<NewLead>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant_planned_once(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let lead = create_lead(&app, &tx, request.body.0, viewer.actor(), now).await?;
    let answer = idempotency.finish(tx, Answer::created(format!("/api/v1/leads/{}", lead.id), &lead)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Read a lead
#[utoipa::path(get, path = "/api/v1/leads/{id}", tag = "leads", params(("id" = LeadId, Path)),
    responses((status = 200, body = Lead, headers(("ETag" = String, description = "For If-Match"))), (status = 404, body = ProblemBody)))]
pub(super) async fn get_lead(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<LeadId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(tagged(&lead))
}

/// Change a lead
///
/// A merge patch (RFC 7396): named fields are changed, `null` empties. With `If-Match` only if nobody changed it meanwhile.
#[utoipa::path(patch, path = "/api/v1/leads/{id}", tag = "leads", request_body(content = LeadDraft, content_type = "application/merge-patch+json"),
    params(("id" = LeadId, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    responses(
        (status = 200, body = Lead, headers(("ETag" = String))),
        (status = 404, body = ProblemBody),
        (status = 412, description = "changed meanwhile", body = ProblemBody),
        (status = 422, body = ProblemBody)))]
pub(super) async fn patch_lead(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<LeadId>,
    headers: HeaderMap,
    ApiJson(patch): ApiJson<Patch>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = update_lead(&tx, id, &patch.0, expected, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(tagged(&lead))
}

/// Delete a lead
#[utoipa::path(delete, path = "/api/v1/leads/{id}", tag = "leads", params(("id" = LeadId, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn delete_lead(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<LeadId>,
) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::delete_lead::delete_lead(&tx, id, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(StatusCode::NO_CONTENT)
}

/// The query of a timeline.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct TimelineParams {
    /// Events on a page: 1 to 200, usually 50.
    limit: Option<i64>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// A page of a timeline, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Timeline {
    data: Vec<TimelineEvent>,
    next_cursor: Option<String>,
}

/// Read what happened with a lead, newest first
#[utoipa::path(get, path = "/api/v1/leads/{id}/timeline", tag = "leads", params(("id" = LeadId, Path), TimelineParams),
    responses((status = 200, body = Timeline), (status = 404, body = ProblemBody)))]
pub(super) async fn lead_timeline(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<LeadId>,
    ApiQuery(params): ApiQuery<TimelineParams>,
) -> Result<Json<Timeline>, Problem> {
    let limit = limit(params.limit)?;
    let before = params.cursor.as_deref().map(http_kit::Cursor::decode::<i64>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let mut data = store::timeline::read(&tx, id.uuid(), store::timeline::Theme::Everything, before, limit + 1).await?;
    tx.commit().await?;
    let kept = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = data.len() > kept;
    data.truncate(kept);
    let next_cursor = if more { data.last().map(|event| http_kit::Cursor::encode(&event.seq)) } else { None };
    Ok(Json(Timeline { data, next_cursor }))
}

/// A lead with its version as a strong ETag (RFC 9110).
fn tagged(lead: &Lead) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", lead.version)).unwrap_or(HeaderValue::from_static("\"0\""));
    let headers: [(HeaderName, HeaderValue); 1] = [(header::ETAG, tag)];
    (headers, Json(lead)).into_response()
}

/// The version of `If-Match`; `*` matches any.
fn if_match(headers: &HeaderMap) -> Result<Option<i32>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    // A tag that we never gave matches nothing.
    Ok(Some(text.trim_matches('"').parse().unwrap_or(-1)))
}
