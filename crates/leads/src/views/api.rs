//! `/api/v1/views`.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use garde::Validate;
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, ApiJson, ApiPath, App, Idempotent, Problem, ProblemBody, etag, if_match};
use identity::{Can, LeadsRead};
use kernel::ViewId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    SavedView, ViewDraft,
    actions::{create_view::create_view, delete_view, update_view::update_view},
    store,
};

/// The operations on views.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_views, post_view)).routes(routes!(get_view, patch_view, delete))
}

/// A view as a body: its own check runs in the action and names the fields.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
struct NewView(ViewDraft);

impl Validate for NewView {
    type Context = ();
    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

/// A merge patch (RFC 7396): what it names is changed, `null` empties.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = ViewDraft)]
struct Patch(Value);

impl Validate for Patch {
    type Context = ();
    fn validate_into(&self, _: &(), parent: &mut dyn FnMut() -> garde::Path, report: &mut garde::Report) {
        if !self.0.is_object() {
            report.append(parent(), garde::Error::new("The body is a JSON object with the fields to change"));
        }
    }
}

/// Your views (100 at most) and the shared ones (200 at most), by name.
#[derive(Debug, Serialize, ToSchema)]
struct ViewList {
    data: Vec<SavedView>,
    /// The view that the grid opens with for you.
    default_view: Option<ViewId>,
}

/// List saved views
#[utoipa::path(get, path = "/api/v1/views", tag = "views", responses((status = 200, body = ViewList)))]
async fn list_views(State(app): State<App>, viewer: Can<LeadsRead>) -> Result<Json<ViewList>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let data = store::list(&tx, viewer.user_id).await?;
    let default_view = store::default_view(&tx, viewer.user_id).await?;
    tx.commit().await?;
    Ok(Json(ViewList { data, default_view }))
}

/// Save a view
///
/// A filter, words, an order and columns under a name, which the grid shows at `/leads?view=view_…`. It holds the question,
/// never the leads.
#[utoipa::path(post, path = "/api/v1/views", tag = "views", request_body = ViewDraft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses(
        (status = 201, body = SavedView, headers(("Location" = String))),
        (status = 409, description = "as many views as fit: 100 of your own, 200 shared", body = ProblemBody),
        (status = 422, body = ProblemBody)))]
async fn post_view(State(app): State<App>, viewer: Can<LeadsRead>, request: Idempotent<NewView>) -> Result<Answer, Problem> {
    let (idempotency, now) = (request.idempotency.by(viewer.actor()), app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let view = create_view(&app, &tx, &viewer, request.body.0, now).await?;
    idempotency.finish(tx, Answer::created(format!("/api/v1/views/{}", view.id), &view)).await
}

/// Read a saved view
#[utoipa::path(get, path = "/api/v1/views/{id}", tag = "views", params(("id" = ViewId, Path)),
    responses((status = 200, body = SavedView, headers(("ETag" = String, description = "For If-Match"))), (status = 404, body = ProblemBody)))]
async fn get_view(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<ViewId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let view = store::get(&tx, viewer.user_id, id, false).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(tagged(&view))
}

/// Change a saved view
///
/// A merge patch (RFC 7396). Your own, or a shared one that you made; people who may change settings may change every shared one.
#[utoipa::path(patch, path = "/api/v1/views/{id}", tag = "views",
    request_body(content = ViewDraft, content_type = "application/merge-patch+json"),
    params(("id" = ViewId, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    responses(
        (status = 200, body = SavedView, headers(("ETag" = String))),
        (status = 403, body = ProblemBody),
        (status = 404, body = ProblemBody),
        (status = 412, description = "changed meanwhile", body = ProblemBody),
        (status = 422, body = ProblemBody)))]
async fn patch_view(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ViewId>,
    headers: HeaderMap,
    ApiJson(patch): ApiJson<Patch>,
) -> Result<Response, Problem> {
    let expected = if_match(&headers);
    let tx = app.db.tenant(&viewer.scope).await?;
    let view = update_view(&app, &tx, &viewer, id, &patch.0, expected, app.clock.now()).await?;
    tx.commit().await?;
    Ok(tagged(&view))
}

/// Delete a saved view
#[utoipa::path(delete, operation_id = "delete_view", path = "/api/v1/views/{id}", tag = "views", params(("id" = ViewId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<ViewId>) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    delete_view::delete_view(&app, &tx, &viewer, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

fn tagged(view: &SavedView) -> Response {
    (etag(view.version), Json(view)).into_response()
}
