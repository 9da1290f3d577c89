//! `/api/v1/teams`: people who work together.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiJson, ApiPath, App, Idempotent, Problem, ProblemBody};
use kernel::TeamId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Can, Engine, SettingsRead, TeamWrite,
    actions::teams::{TeamName, create_team, delete_team, rename_team},
    store::teams::{self, Team},
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_teams, post_team)).routes(routes!(patch_team, delete))
}

/// All teams by name. Who is in one: `GET /api/v1/members?team_id=…`.
#[derive(Debug, Serialize, ToSchema)]
struct TeamList {
    data: Vec<Team>,
}

/// List teams
#[utoipa::path(get, path = "/api/v1/teams", tag = "people", responses((status = 200, body = TeamList)))]
async fn list_teams(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Json<TeamList>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let data = teams::teams(&tx).await?;
    tx.commit().await?;
    Ok(Json(TeamList { data }))
}

/// Make a team
#[utoipa::path(post, path = "/api/v1/teams", tag = "people", request_body = TeamName, params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Team), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn post_team(State(app): State<App>, viewer: Can<TeamWrite>, request: Idempotent<TeamName>) -> Result<Answer, Problem> {
    let (idempotency, now) = (request.idempotency.by(viewer.actor()), app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let team = create_team(&tx, &viewer, request.body, now).await?;
    idempotency.finish(tx, Answer::json(StatusCode::CREATED, &team)).await
}

/// Rename a team
#[utoipa::path(patch, path = "/api/v1/teams/{id}", tag = "people", params(("id" = TeamId, Path)), request_body = TeamName,
    responses((status = 200, body = Team), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn patch_team(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<TeamId>,
    ApiJson(name): ApiJson<TeamName>,
) -> Result<Json<Team>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let team = rename_team(&tx, &viewer, id, name, app.clock.now()).await?;
    tx.commit().await?;
    Ok(Json(team))
}

/// Delete a team
///
/// Its people are in none then.
#[utoipa::path(delete, operation_id = "delete_team", path = "/api/v1/teams/{id}", tag = "people", params(("id" = TeamId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete(State(app): State<App>, viewer: Can<TeamWrite>, ApiPath(id): ApiPath<TeamId>) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    delete_team(&tx, &viewer, id, app.clock.now()).await?;
    tx.commit().await?;
    Engine::of(&app)?.forget_people_of(viewer.org_id);
    Ok(StatusCode::NO_CONTENT)
}
