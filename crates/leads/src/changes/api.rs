//! `/api/v1/changes`.

use axum::{Json, extract::State};
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite};
use jiff::Timestamp;
use kernel::ChangeSetId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    ChangeSet, Undoing,
    store::{self, ChangedRow, Conflict},
    undo,
};
use crate::api::limit;

/// This part of the API.
pub(crate) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_changes))
        .routes(routes!(get_change_set))
        .routes(routes!(list_changed_rows))
        .routes(routes!(list_conflicts))
        .routes(routes!(undo_change_set))
}

/// The query of a list by key.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct Paging {
    /// Rows on a page: 1 to 200, usually 50.
    limit: Option<i64>,
    /// `next_cursor` of the answer before.
    cursor: Option<String>,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
struct ChangePage<T> {
    data: Vec<T>,
    /// Where the next page begins; `null` on the last one.
    next_cursor: Option<String>,
}

impl<T> ChangePage<T> {
    /// A page out of one row more than it holds.
    fn cut<K: Serialize>(mut data: Vec<T>, limit: i64, key: impl Fn(&T) -> K) -> Json<Self> {
        let kept = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = data.len() > kept;
        data.truncate(kept);
        let next_cursor = data.last().filter(|_| more).map(|row| Cursor::encode(&key(row)));
        Json(Self { data, next_cursor })
    }
}

/// List change sets
///
/// Imports, merges, bulk changes and deletions of the last 30 days, newest first.
#[utoipa::path(get, path = "/api/v1/changes", tag = "changes", params(Paging), responses((status = 200, body = ChangePage<ChangeSet>)))]
async fn list_changes(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<Json<ChangePage<ChangeSet>>, Problem> {
    let limit = limit(paging.limit)?;
    let before = paging.cursor.as_deref().map(Cursor::decode::<(Timestamp, ChangeSetId)>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let sets = store::list(&tx, before, limit + 1).await?;
    tx.commit().await?;
    Ok(ChangePage::cut(sets, limit, |set| (set.made_at, set.id)))
}

/// Read a change set
///
/// While it is undone, `undo_seen` counts up to the sum of `counts`.
#[utoipa::path(get, path = "/api/v1/changes/{id}", tag = "changes", params(("id" = ChangeSetId, Path)),
    responses((status = 200, body = ChangeSet), (status = 404, body = ProblemBody)))]
async fn get_change_set(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ChangeSetId>,
) -> Result<Json<ChangeSet>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let set = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Json(set))
}

/// List the rows of a change set
///
/// In the order in which they were changed, with their fields before and after.
#[utoipa::path(get, path = "/api/v1/changes/{id}/rows", tag = "changes", params(("id" = ChangeSetId, Path), Paging),
    responses((status = 200, body = ChangePage<ChangedRow>), (status = 404, body = ProblemBody)))]
async fn list_changed_rows(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ChangeSetId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<Json<ChangePage<ChangedRow>>, Problem> {
    let limit = limit(paging.limit)?;
    let place = paging.cursor.as_deref().map(Cursor::decode::<(i64, i64)>).transpose()?.unwrap_or_default();
    let tx = app.db.tenant(&viewer.scope).await?;
    store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let rows = store::rows(&tx, id, place, limit + 1).await?;
    tx.commit().await?;
    Ok(ChangePage::cut(rows, limit, |row| row.place))
}

/// List what undoing left as it is
///
/// Rows that somebody has changed since, with the fields, and who changed them last.
#[utoipa::path(get, path = "/api/v1/changes/{id}/conflicts", tag = "changes", params(("id" = ChangeSetId, Path), Paging),
    responses((status = 200, body = ChangePage<Conflict>), (status = 404, body = ProblemBody)))]
async fn list_conflicts(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ChangeSetId>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<Json<ChangePage<Conflict>>, Problem> {
    let limit = limit(paging.limit)?;
    let after = paging.cursor.as_deref().map(Cursor::decode::<i64>).transpose()?.unwrap_or_default();
    let tx = app.db.tenant(&viewer.scope).await?;
    store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let rows = store::conflicts(&tx, id, after, limit + 1).await?;
    tx.commit().await?;
    Ok(ChangePage::cut(rows, limit, |row| row.place))
}

/// An empty object, or no body at all.
#[derive(Debug, Default, Deserialize, ToSchema)]
struct UndoRequest {}

impl Validate for UndoRequest {
    type Context = ();
    fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

/// How undoing goes.
#[derive(Debug, Serialize, ToSchema)]
struct UndoAnswer {
    /// As it is now; read it again while its state is `undoing`.
    change_set: ChangeSet,
    /// The job that does it, when it is more than 1000 changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    job_id: Option<i64>,
}

/// Undo a change set
///
/// Up to 1000 changes at once (200), more by a background job (202). Rows that somebody has changed since stay as they are
/// (`conflicts`). An undoing that was stopped goes on.
#[utoipa::path(post, path = "/api/v1/changes/{id}/undo", tag = "changes", request_body = UndoRequest,
    params(("id" = ChangeSetId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 200, body = UndoAnswer), (status = 202, body = UndoAnswer), (status = 404, body = ProblemBody),
        (status = 409, description = "going on, undone already, or more than 30 days ago", body = ProblemBody)))]
async fn undo_change_set(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ChangeSetId>,
    request: Idempotent<UndoRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let undoing = undo(&tx, id, viewer.actor(), now).await?;
    let change_set = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let answer = match undoing {
        Undoing::Done(_) => Answer::json(StatusCode::OK, &UndoAnswer { change_set, job_id: None }),
        Undoing::Started(job) => Answer {
            location: Some(format!("/api/v1/changes/{id}")),
            ..Answer::json(StatusCode::ACCEPTED, &UndoAnswer { change_set, job_id: Some(job.0) })
        },
    };
    let answer = idempotency.finish(tx, answer).await?;
    app.feed.nudge();
    Ok(answer)
}
