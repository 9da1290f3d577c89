use axum::{Json, extract::State};
use http_kit::{App, Problem};
use identity::{Can, LeadsRead};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Tags;

/// The tags' part of the API. What is done to a tag is a bulk change: `rename_tag` and `remove_tags`.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_tags))
}

/// List the tags and how many leads have each
///
/// To rename a tag, or to merge it into another, `POST /api/v1/leads/bulk` with the action `rename_tag`; to take it away, with `remove_tags`.
#[utoipa::path(get, path = "/api/v1/tags", tag = "leads", responses((status = 200, body = Tags)))]
async fn list_tags(State(app): State<App>, viewer: Can<LeadsRead>) -> Result<Json<Tags>, Problem> {
    Ok(Json(super::list(&app, &viewer).await?))
}
