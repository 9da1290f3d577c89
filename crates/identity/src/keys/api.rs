//! `/api/v1/keys`. Only people with a session: a key never has `keys:write`.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, Idempotent, Problem, ProblemBody};
use kernel::ApiKeyId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{ApiKey, draft::NewKey, make::make_key, revoke::revoke_key, store};
use crate::{Can, KeysWrite};

pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(revoke))
}

/// The organisation's keys, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct KeyList {
    data: Vec<ApiKey>,
}

/// A key just made.
#[derive(Debug, Serialize, ToSchema)]
struct KeyMade {
    /// The key itself, here and never again: `null` when this answer is repeated.
    secret: Option<String>,
    #[serde(flatten)]
    key: ApiKey,
}

/// List API keys
#[utoipa::path(get, operation_id = "list_keys", path = "/api/v1/keys", tag = "keys", responses((status = 200, body = KeyList), (status = 403, body = ProblemBody)))]
async fn list(State(app): State<App>, viewer: Can<KeysWrite>) -> Result<Json<KeyList>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let data = store::list(&tx).await?;
    tx.commit().await?;
    Ok(Json(KeyList { data }))
}

/// Make an API key
///
/// Takes a session that has proved itself in the last ten minutes. The key is in the first answer only: repeated
/// with the same `Idempotency-Key`, the answer says which key was made, without it.
#[utoipa::path(post, operation_id = "make_key", path = "/api/v1/keys", tag = "keys", request_body = NewKey,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = KeyMade), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn make(State(app): State<App>, viewer: Can<KeysWrite>, request: Idempotent<NewKey>) -> Result<Answer, Problem> {
    viewer.require_fresh(&app)?;
    let idempotency = request.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let made = make_key(&tx, &app, &viewer, request.body, now).await?;
    // What is kept to be repeated must not hold the key.
    let mut body = KeyMade { secret: None, key: made.key };
    idempotency.finish(tx, Answer::json(StatusCode::CREATED, &body)).await?;
    body.secret = Some(made.secret);
    Ok(Answer::json(StatusCode::CREATED, &body))
}

/// Revoke an API key
///
/// It stops working at once, on every node.
#[utoipa::path(delete, operation_id = "revoke_key", path = "/api/v1/keys/{id}", tag = "keys", params(("id" = ApiKeyId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn revoke(State(app): State<App>, viewer: Can<KeysWrite>, ApiPath(id): ApiPath<ApiKeyId>) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    revoke_key(&tx, &app, &viewer, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
