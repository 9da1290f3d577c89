//! `/api/v1/roles`: what people may do.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, Idempotent, Problem, ProblemBody};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Can, Engine, RoleKey, SettingsRead, TeamWrite,
    actions::roles::{NewRole, RoleChange, create_role, delete_role, update_role},
    store::roles::{self, RoleFacts},
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_roles, post_role)).routes(routes!(get_role, patch_role, delete))
}

/// Every role: the five of every organisation, then its own by name.
#[derive(Debug, Serialize, ToSchema)]
struct RoleList {
    data: Vec<RoleFacts>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct DeleteQuery {
    /// The role that takes its place; needed when somebody has it, or is invited to it.
    replacement: Option<String>,
}

fn key(text: &str) -> Result<RoleKey, Problem> {
    text.parse().map_err(|()| Problem::not_found())
}

/// List roles
#[utoipa::path(get, path = "/api/v1/roles", tag = "people", responses((status = 200, body = RoleList)))]
async fn list_roles(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Json<RoleList>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let data = roles::roles(&tx).await?.0;
    tx.commit().await?;
    Ok(Json(RoleList { data }))
}

/// Read a role
#[utoipa::path(get, path = "/api/v1/roles/{id}", tag = "people", params(("id" = String, Path)),
    responses((status = 200, body = RoleFacts), (status = 404, body = ProblemBody)))]
async fn get_role(State(app): State<App>, viewer: Can<SettingsRead>, ApiPath(id): ApiPath<String>) -> Result<Json<RoleFacts>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let role = roles::roles(&tx).await?.get(key(&id)?).cloned().ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Json(role))
}

/// Make a role
///
/// Of permissions that you have yourself. It needs a fresh proof of identity.
#[utoipa::path(post, path = "/api/v1/roles", tag = "people", request_body = NewRole, params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = RoleFacts), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn post_role(State(app): State<App>, viewer: Can<TeamWrite>, request: Idempotent<NewRole>) -> Result<Answer, Problem> {
    let (idempotency, now) = (request.idempotency.by(viewer.actor()), app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let role = create_role(&app, &tx, &viewer, request.body, now).await?;
    idempotency.finish(tx, Answer::created(format!("/api/v1/roles/{}", role.key), &role)).await
}

/// Change a role
///
/// For everybody who has it, from their next request on. The five of every organisation keep their name and
/// permissions. It needs a fresh proof of identity.
#[utoipa::path(patch, path = "/api/v1/roles/{id}", tag = "people", params(("id" = String, Path)), request_body = RoleChange,
    responses((status = 200, body = RoleFacts), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn patch_role(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<String>,
    ApiJson(change): ApiJson<RoleChange>,
) -> Result<Json<RoleFacts>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let role = update_role(&app, &tx, &viewer, key(&id)?, change, app.clock.now()).await?;
    tx.commit().await?;
    Engine::of(&app)?.forget_people_of(viewer.org_id);
    Ok(Json(role))
}

/// Delete a role of the organisation's own
#[utoipa::path(delete, operation_id = "delete_role", path = "/api/v1/roles/{id}", tag = "people", params(("id" = String, Path), DeleteQuery),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody),
        (status = 422, body = ProblemBody)))]
async fn delete(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<String>,
    ApiQuery(query): ApiQuery<DeleteQuery>,
) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    delete_role(&app, &tx, &viewer, key(&id)?, query.replacement.as_deref(), app.clock.now()).await?;
    tx.commit().await?;
    Engine::of(&app)?.forget_people_of(viewer.org_id);
    Ok(StatusCode::NO_CONTENT)
}
