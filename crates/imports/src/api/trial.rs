//! Trying an import before it starts, and taking it back after it has ended.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsImport, LeadsRead};
use kernel::{ChangeSetId, ImportId};
use leads::changes::{self, Undoing};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Maybe, StartBody};
use crate::{
    actions,
    model::{Import, ImportStatus},
    store,
    trial::{Trial, try_some},
};

/// This part of the API.
pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_dry_run, create_dry_run)).routes(routes!(undo_import))
}

async fn waiting(app: &App, viewer: &identity::Viewer, id: ImportId) -> Result<Import, Problem> {
    let import = store::find(&app.db, &viewer.scope, id).await?.ok_or_else(Problem::not_found)?;
    if import.status != ImportStatus::Mapping {
        return Err(Problem::conflict("This import has begun: what its rows have done is in its counts."));
    }
    Ok(import)
}

/// Read what an import would do
///
/// Nothing is written. `complete` is false while only a part of a large file has been tried; ask again.
#[utoipa::path(get, path = "/api/v1/imports/{id}/dry-run", tag = "leads", params(("id" = ImportId, Path)),
    responses((status = 200, body = Trial), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn get_dry_run(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<ImportId>) -> Result<Json<Trial>, Problem> {
    let import = waiting(&app, &viewer, id).await?;
    Ok(Json(match import.trial {
        Some(trial) => trial,
        None => try_some(&app, &viewer.scope, &import).await?,
    }))
}

/// Try an import by another plan
///
/// The plan is kept as the one that the import will start by.
#[utoipa::path(post, path = "/api/v1/imports/{id}/dry-run", tag = "leads", params(("id" = ImportId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Option<StartBody>,
    responses((status = 202, body = Trial), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn create_dry_run(
    State(app): State<App>,
    viewer: Can<LeadsImport>,
    ApiPath(id): ApiPath<ImportId>,
    request: Idempotent<Maybe<StartBody>>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let import = waiting(&app, &viewer, id).await?;
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let plan = request.body.0.unwrap_or_default().plan.unwrap_or(import.plan);
    let import = actions::keep_plan(&tx, id, plan.checked(&import.analysis)?).await?;
    let trial = try_some(&app, &viewer.scope, &import).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::ACCEPTED, &trial)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// What undoes an import.
#[derive(Debug, Serialize, ToSchema)]
struct UndoBody {
    /// Watch it at `/api/v1/changes/{id}`.
    change_set_id: ChangeSetId,
}

/// Undo an import
///
/// The leads it made are removed and the ones it changed are as before; rows that somebody has edited since stay, and are
/// listed at `/api/v1/changes/{id}/conflicts`. An import that was stopped and went on is undone start by start, the newest first.
#[utoipa::path(post, path = "/api/v1/imports/{id}/undo", tag = "leads", params(("id" = ImportId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 202, body = UndoBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn undo_import(
    State(app): State<App>,
    viewer: Can<LeadsImport>,
    ApiPath(id): ApiPath<ImportId>,
    request: Idempotent<()>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let import = store::lock(&tx, id).await?.ok_or_else(Problem::not_found)?;
    if import.status == ImportStatus::Running {
        return Err(Problem::conflict("This import is running. Stop it first, then undo it."));
    }
    let mut newest = None;
    for change_set in import.change_sets.iter().rev() {
        let undone = changes::get(&tx, *change_set)
            .await?
            .is_none_or(|set| matches!(set.state, changes::State::Undone | changes::State::PartlyUndone));
        if !undone {
            newest = Some(*change_set);
            break;
        }
    }
    let change_set_id =
        newest.ok_or_else(|| Problem::conflict("This import has changed nothing that could be undone, or has been undone already."))?;
    match changes::undo(&tx, change_set_id, viewer.actor(), app.clock.now()).await? {
        Undoing::Done(_) | Undoing::Started(_) => {}
    }
    let answer = idempotency.finish(tx, Answer::json(StatusCode::ACCEPTED, &UndoBody { change_set_id })).await?;
    app.feed.nudge();
    Ok(answer)
}
