//! `/api/v1`: who am I, the organisation, its people.

mod domains;
mod invitations;
mod members;
mod roles;
mod sessions;
mod teams;

use axum::{Json, extract::State};
use http_kit::{ApiJson, App, Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{Can, Organisation, OrganisationChange, SettingsRead, SettingsWrite, Viewer, store};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(crate::mfa::api())
        .routes(routes!(me))
        .routes(routes!(get_organisation, patch_organisation))
        .merge(members::api())
        .merge(crate::keys::api())
        .merge(invitations::api())
        .merge(roles::api())
        .merge(sessions::api())
        .merge(teams::api())
        .merge(domains::api())
}

fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    let limit = asked.unwrap_or(50);
    if (1..=200).contains(&limit) { Ok(limit) } else { Err(Problem::field("/limit", "limit.invalid", "must be a number from 1 to 200")) }
}

/// Cuts a list that was read one row too long; returns whether there is more.
fn cut<T>(rows: &mut Vec<T>, limit: i64) -> bool {
    let more = rows.len() as i64 > limit;
    rows.truncate(usize::try_from(limit).unwrap_or(200));
    more
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
