//! `/api/v1`: the scoring model, its rescoring, a lead's score.

use axum::{Json, extract::State};
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, ApiJson, ApiPath, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, SettingsRead, SettingsWrite};
use jobs::JobStatus;
use kernel::LeadId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    actions::{preview, rescore, save},
    jobs::Progress,
    model::{Score, Weights},
    store,
};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_scoring, put_scoring))
        .routes(routes!(post_preview))
        .routes(routes!(get_rescore, post_rescore, delete_rescore))
        .routes(routes!(get_score))
}

/// A new model. Rules and lists that are left out take their defaults.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct PutScoring {
    #[garde(dive)]
    weights: Weights,
    /// The version that this change was made on; given, another version in force is refused with 412.
    #[garde(skip)]
    version: Option<i32>,
}

/// Weights to try.
#[derive(Debug, Deserialize, Serialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct TryWeights {
    #[garde(dive)]
    weights: Weights,
}

/// A body without content: `{}`, or none at all.
#[derive(Debug, Deserialize, Validate)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// How a rescoring is doing.
#[derive(Debug, Serialize, ToSchema)]
struct Rescoring {
    /// `none`, `ready`, `running`, `done`, `stopped` or `dead`.
    state: String,
    done: i64,
    total: i64,
    /// Leads whose score or reasons changed.
    changed: i64,
}

impl Rescoring {
    fn of(job: Option<JobStatus>) -> Self {
        let state = job.as_ref().map_or_else(|| "none".to_owned(), |job| job.state.clone());
        let progress = job.and_then(|job| job.progress).and_then(|json| serde_json::from_value::<Progress>(json).ok()).unwrap_or_default();
        Self { state, done: progress.done, total: progress.total, changed: progress.changed }
    }
}

/// Read the scoring model
#[utoipa::path(get, path = "/api/v1/scoring", tag = "intelligence", responses((status = 200, body = store::Model)))]
async fn get_scoring(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Json<store::Model>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(store::model(&tx).await?))
}

/// Change the scoring model; all leads are rescored in the background
#[utoipa::path(put, path = "/api/v1/scoring", tag = "intelligence", request_body = PutScoring,
    responses((status = 200, body = store::Model), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn put_scoring(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    ApiJson(body): ApiJson<PutScoring>,
) -> Result<Json<store::Model>, Problem> {
    Ok(Json(save::save(&app, &viewer, body.weights, body.version).await?))
}

/// Try weights on the newest 10,000 leads without saving them
#[utoipa::path(post, path = "/api/v1/scoring/preview", tag = "intelligence", request_body = TryWeights,
    responses((status = 200, body = preview::Preview), (status = 422, body = ProblemBody)))]
async fn post_preview(
    State(app): State<App>,
    viewer: Can<SettingsRead>,
    ApiJson(body): ApiJson<TryWeights>,
) -> Result<Json<preview::Preview>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(preview::preview(&tx, &body.weights.tidy()).await?))
}

/// How the newest rescoring is doing
#[utoipa::path(get, path = "/api/v1/scoring/rescore", tag = "intelligence", responses((status = 200, body = Rescoring)))]
async fn get_rescore(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Json<Rescoring>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    Ok(Json(Rescoring::of(rescore::status(&tx).await?)))
}

/// Rescore all leads in the background
#[utoipa::path(post, path = "/api/v1/scoring/rescore", tag = "intelligence", params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = Rescoring)))]
async fn post_rescore(State(app): State<App>, viewer: Can<SettingsWrite>, request: Idempotent<Option<Nothing>>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    rescore::enqueue(&tx).await?;
    let answer = Answer::json(StatusCode::ACCEPTED, &Rescoring::of(rescore::status(&tx).await?));
    idempotency.finish(tx, answer).await
}

/// Stop the rescoring
///
/// Leads that were done keep their new score.
#[utoipa::path(delete, path = "/api/v1/scoring/rescore", tag = "intelligence", responses((status = 204), (status = 404, body = ProblemBody)))]
async fn delete_rescore(State(app): State<App>, viewer: Can<SettingsWrite>) -> Result<StatusCode, Problem> {
    if rescore::stop(&app, &viewer).await? { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found()) }
}

/// Read a lead's score and its reasons
///
/// The points of the reasons add up to the score.
#[utoipa::path(get, path = "/api/v1/leads/{id}/score", tag = "intelligence", params(("id" = LeadId, Path)),
    responses((status = 200, body = Score), (status = 404, body = ProblemBody)))]
async fn get_score(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<LeadId>) -> Result<Json<Score>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = store::leads_by_id(&tx, &[id.uuid()]).await?.into_iter().next().ok_or_else(Problem::not_found)?;
    if lead.is_scored() {
        return Ok(Json(lead.now));
    }
    // Created a moment ago and not scored yet: what it will be.
    Ok(Json(store::model(&tx).await?.weights.score(&lead.facts())))
}
