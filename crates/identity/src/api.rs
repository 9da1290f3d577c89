//! `/api/v1`: who am I, the organisation, its people.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiJson, App, Idempotent, Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Can, Member, NewMember, Organisation, OrganisationChange, SettingsRead, SettingsWrite, TeamWrite, Viewer, store};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me))
        .routes(routes!(get_organisation, patch_organisation))
        .routes(routes!(list_members, post_member))
}

/// The signed-in person.
#[derive(Debug, Serialize, ToSchema)]
struct Me {
    id: kernel::UserId,
    name: String,
    email: String,
    /// `owner`, `admin`, `manager`, `rep`, `viewer`, or `role_…` of the organisation's own.
    role: String,
    organisation_id: kernel::OrgId,
}

/// People of the organisation.
#[derive(Debug, Serialize, ToSchema)]
struct MemberList {
    data: Vec<Member>,
}

/// The id of what was made.
#[derive(Debug, Serialize, ToSchema)]
struct NewMemberBody {
    id: kernel::UserId,
}

/// Who is signed in
#[utoipa::path(get, path = "/api/v1/me", tag = "identity", responses((status = 200, body = Me), (status = 401, body = ProblemBody)))]
async fn me(viewer: Viewer) -> Json<Me> {
    Json(Me { id: viewer.user_id, name: viewer.name, email: viewer.email, role: viewer.role.to_string(), organisation_id: viewer.org_id })
}

/// Read the organisation
#[utoipa::path(get, path = "/api/v1/organisation", tag = "identity", responses((status = 200, body = Organisation)))]
async fn get_organisation(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Json<Organisation>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(store::organisation(&tx).await?))
}

/// Change the organisation's name or postal address
#[utoipa::path(patch, path = "/api/v1/organisation", tag = "identity", request_body = OrganisationChange,
    responses((status = 200, body = Organisation), (status = 422, body = ProblemBody)))]
async fn patch_organisation(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    ApiJson(change): ApiJson<OrganisationChange>,
) -> Result<Json<Organisation>, Problem> {
    Ok(Json(crate::update_organisation(&app, &viewer, change).await?))
}

/// List the people of the organisation
#[utoipa::path(get, path = "/api/v1/members", tag = "identity", responses((status = 200, body = MemberList)))]
async fn list_members(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Json<MemberList>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(MemberList { data: store::members(&tx).await? }))
}

/// Add a person with a first password
///
/// Repeating the request is safe without a key: an address has one account, so the second is refused with `email.taken`.
#[utoipa::path(post, path = "/api/v1/members", tag = "identity", request_body = NewMember,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = NewMemberBody), (status = 422, body = ProblemBody)))]
async fn post_member(State(app): State<App>, viewer: Can<TeamWrite>, request: Idempotent<NewMember>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let id = crate::add_member(&app, &viewer, request.body).await?;
    idempotency.finish(tx, Answer::json(StatusCode::CREATED, &NewMemberBody { id })).await
}
