//! `/api/v1/templates`.

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode, header};
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, Cursor, FieldError, Idempotent, Problem, ProblemBody, Total};
use identity::{CampaignsRead, CampaignsWrite, Can};
use jiff::Timestamp;
use kernel::{LeadId, TemplateId, Uuid};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Template, TemplateChange, TemplateContent, TemplatePreview, create_template, delete_template, preview, store, update_template,
};

/// This part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(read, change, remove)).routes(routes!(show_preview))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// In name or subject.
    #[serde(default)]
    q: String,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Templates, the last changed first.
#[derive(Debug, Serialize, ToSchema)]
struct TemplateList {
    data: Vec<Template>,
    next_cursor: Option<String>,
    total: Total,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct PreviewQuery {
    /// Whom to render for; left out: the examples.
    #[param(value_type = Option<String>)]
    lead: Option<LeadId>,
}

/// List templates
#[utoipa::path(get, operation_id = "list_templates", path = "/api/v1/templates", tag = "templates", params(ListQuery),
    responses((status = 200, body = TemplateList), (status = 422, body = ProblemBody)))]
async fn list(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<TemplateList>, Problem> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::field("/limit", "limit.invalid", "must be a number from 1 to 200"));
    }
    let after = query.cursor.as_deref().map(Cursor::decode::<(Timestamp, Uuid)>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut data = store::list(&tx, &query.q, after, limit + 1).await?;
    let value = store::count(&tx, &query.q).await?;
    tx.commit().await?;
    let more = data.len() as i64 > limit;
    data.truncate(usize::try_from(limit).unwrap_or(200));
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&(last.updated_at, last.id.uuid())));
    Ok(Json(TemplateList { data, next_cursor, total: Total { value, exact: value < 10_000 } }))
}

/// Write a template
///
/// Unknown variables are refused with the line and the name that was probably meant.
#[utoipa::path(post, operation_id = "post_template", path = "/api/v1/templates", tag = "templates", request_body = TemplateContent,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Template), (status = 422, body = ProblemBody)))]
async fn create(State(app): State<App>, viewer: Can<CampaignsWrite>, request: Idempotent<TemplateContent>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let template = create_template(&tx, viewer.actor(), request.body, app.clock.now()).await?;
    idempotency.finish(tx, Answer::created(format!("/api/v1/templates/{}", template.id), &template)).await
}

/// Read a template
#[utoipa::path(get, operation_id = "get_template", path = "/api/v1/templates/{id}", tag = "templates", params(("id" = TemplateId, Path)),
    responses((status = 200, body = Template), (status = 404, body = ProblemBody)))]
async fn read(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<TemplateId>,
) -> Result<([(header::HeaderName, String); 1], Json<Template>), Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let template = store::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(tagged(template))
}

/// Change a template
///
/// With `If-Match`, only the version that was read; somebody else's change in between is 412.
#[utoipa::path(patch, operation_id = "patch_template", path = "/api/v1/templates/{id}", tag = "templates", request_body = TemplateChange,
    params(("id" = TemplateId, Path), ("If-Match" = Option<String>, Header)),
    responses((status = 200, body = Template), (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn change(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<TemplateId>,
    headers: HeaderMap,
    ApiJson(change): ApiJson<TemplateChange>,
) -> Result<([(header::HeaderName, String); 1], Json<Template>), Problem> {
    let version = if_match(&headers)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let template = update_template(&tx, viewer.actor(), id, version, change, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(tagged(template))
}

/// Delete a template
///
/// Campaigns keep their copies of its text.
#[utoipa::path(delete, operation_id = "delete_template", path = "/api/v1/templates/{id}", tag = "templates", params(("id" = TemplateId, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn remove(State(app): State<App>, viewer: Can<CampaignsWrite>, ApiPath(id): ApiPath<TemplateId>) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    delete_template(&tx, viewer.actor(), id, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(StatusCode::NO_CONTENT)
}

/// Render a template as a lead
#[utoipa::path(get, operation_id = "preview_template", path = "/api/v1/templates/{id}/preview", tag = "templates", params(("id" = TemplateId, Path), PreviewQuery),
    responses((status = 200, body = TemplatePreview), (status = 404, body = ProblemBody)))]
async fn show_preview(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<TemplateId>,
    ApiQuery(query): ApiQuery<PreviewQuery>,
) -> Result<Json<TemplatePreview>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let template = store::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(preview(&tx, &viewer, template.source(), query.lead).await?))
}

fn tagged(template: Template) -> ([(header::HeaderName, String); 1], Json<Template>) {
    ([(header::ETAG, format!("\"{}\"", template.version))], Json(template))
}

/// The version that the client has read; `*` and no header mean any.
fn if_match(headers: &HeaderMap) -> Result<Option<i32>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim().trim_start_matches("W/").trim_matches('"');
    if text == "*" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        Problem::invalid(vec![FieldError::new(
            "/if-match",
            "if_match.invalid",
            "must be the ETag of the template as it was read, such as \"3\"",
        )])
    })
}
