//! `/api/v1/domains`: whose people join by themselves.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, Idempotent, Problem, ProblemBody};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Can, SecurityWrite, SettingsRead,
    actions::domains::{NewDomain, claim_domain, release_domain},
    store::domains::{self, Domain},
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_domains, post_domain)).routes(routes!(delete))
}

/// All claimed domains by name.
#[derive(Debug, Serialize, ToSchema)]
struct DomainList {
    data: Vec<Domain>,
}

/// List claimed domains
#[utoipa::path(get, path = "/api/v1/domains", tag = "people", responses((status = 200, body = DomainList)))]
async fn list_domains(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Json<DomainList>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let data = domains::domains(&tx).await?;
    tx.commit().await?;
    Ok(Json(DomainList { data }))
}

/// Claim a domain
///
/// Whoever proves an address of it joins by themselves. Your own confirmed address must be of that domain, and it must not be one where
/// anybody can have an address. It needs a fresh proof of identity.
#[utoipa::path(post, path = "/api/v1/domains", tag = "people", request_body = NewDomain, params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Domain), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn post_domain(State(app): State<App>, viewer: Can<SecurityWrite>, request: Idempotent<NewDomain>) -> Result<Answer, Problem> {
    let (idempotency, now) = (request.idempotency.by(viewer.actor()), app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let domain = claim_domain(&app, &tx, &viewer, request.body, now).await?;
    idempotency.finish(tx, Answer::json(StatusCode::CREATED, &domain)).await
}

/// Give a domain up
///
/// Who has joined by it stays.
#[utoipa::path(delete, operation_id = "delete_domain", path = "/api/v1/domains/{domain}", tag = "people", params(("domain" = String, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete(State(app): State<App>, viewer: Can<SecurityWrite>, ApiPath(domain): ApiPath<String>) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    release_domain(&tx, &viewer, &domain, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
