use axum::{Json, extract::State};
use http_kit::{App, Problem};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Factor, store};
use crate::Person;

pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_factors))
}

/// Somebody's second factors.
#[derive(Debug, Serialize, ToSchema)]
struct FactorList {
    data: Vec<Factor>,
}

/// List one's own second factors
///
/// Begun ones included, never with their secret. Answers sessions, not API keys; who has a second factor must have shown it.
#[utoipa::path(get, path = "/api/v1/factors", tag = "identity", responses((status = 200, body = FactorList)))]
async fn list_factors(State(app): State<App>, person: Person) -> Result<Json<FactorList>, Problem> {
    person.require_second_factor()?;
    Ok(Json(FactorList { data: store::factors(&app.db, person.principal.user).await? }))
}
