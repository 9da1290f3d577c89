use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use http::{HeaderMap, header};
use http_kit::{Answer, ApiJson, ApiPath, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, SettingsWrite};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Field, NewField,
    actions::{self, FieldPatch},
    store,
};

/// The registry's part of the API.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_fields, post_field)).routes(routes!(get_field, patch_field))
}

/// A field as a body: its own check runs in the action and names the fields.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
struct FieldBody(NewField);

impl Validate for FieldBody {
    type Context = ();
    fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
struct PatchBody(FieldPatch);

impl Validate for PatchBody {
    type Context = ();
    fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

/// All custom fields in their order.
#[derive(Debug, Serialize, ToSchema)]
struct Fields {
    data: Vec<Field>,
}

fn tagged(field: &Field) -> Response {
    ([(header::ETAG, format!("\"{}\"", field.version))], Json(field)).into_response()
}

fn if_match(headers: &HeaderMap) -> Option<i32> {
    let text = headers.get(header::IF_MATCH)?.to_str().unwrap_or_default().trim().trim_matches('"');
    // A tag that we never gave matches nothing.
    (text != "*").then(|| text.parse().unwrap_or(-1))
}

/// List the custom fields, archived ones included
#[utoipa::path(get, path = "/api/v1/custom-fields", tag = "custom fields", responses((status = 200, body = Fields)))]
async fn list_fields(State(app): State<App>, viewer: Can<LeadsRead>) -> Result<Json<Fields>, Problem> {
    let registry = store::read(&app.db, &viewer.scope).await?;
    Ok(Json(Fields { data: registry.iter().cloned().collect() }))
}

/// Make a custom field
///
/// Its key is made from the label if left out. Key and kind cannot be changed later.
#[utoipa::path(post, path = "/api/v1/custom-fields", tag = "custom fields", request_body = NewField,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 201, body = Field, headers(("Location" = String), ("ETag" = String))),
        (status = 422, description = "the label is missing, the key is taken, the choices are wrong", body = ProblemBody)))]
async fn post_field(State(app): State<App>, viewer: Can<SettingsWrite>, request: Idempotent<FieldBody>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let field = actions::add(&tx, request.body.0, viewer.actor(), now).await?;
    let answer = idempotency.finish(tx, Answer::created(format!("/api/v1/custom-fields/{}", field.key), &field)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Read a custom field
#[utoipa::path(get, path = "/api/v1/custom-fields/{key}", tag = "custom fields", params(("key" = String, Path)),
    responses((status = 200, body = Field, headers(("ETag" = String, description = "For If-Match"))), (status = 404, body = ProblemBody)))]
async fn get_field(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(key): ApiPath<String>) -> Result<Response, Problem> {
    let registry = store::read(&app.db, &viewer.scope).await?;
    registry.get(&key).map(tagged).ok_or_else(Problem::not_found)
}

/// Change a custom field
///
/// Its label, choices, place, and whether it is archived. Leads keep what they hold, also where a choice is taken away.
#[utoipa::path(patch, path = "/api/v1/custom-fields/{key}", tag = "custom fields",
    request_body(content = FieldPatch, content_type = "application/merge-patch+json"),
    params(("key" = String, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, body = Field, headers(("ETag" = String))), (status = 404, body = ProblemBody),
        (status = 412, description = "changed meanwhile", body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn patch_field(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    ApiPath(key): ApiPath<String>,
    headers: HeaderMap,
    ApiJson(patch): ApiJson<PatchBody>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let field = actions::change(&tx, &key, patch.0, if_match(&headers), viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(tagged(&field))
}
