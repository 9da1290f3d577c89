use axum::{Json, extract::State};
use garde::Validate;
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody, etag, if_match};
use identity::{Can, LeadsRead, LeadsWrite};
use kernel::{LeadId, TaskId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{cut, limit};
use crate::{
    actions::{self, create_task::create_task, update_task::update_task},
    model::{NewTask, Task, TaskChange, TaskRow},
    store::{
        self,
        tasks::{Edge, Wanted, Whose},
    },
};

/// Whether a list shows what is to do or what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Progress {
    #[default]
    Open,
    Done,
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub(super) struct TasksQuery {
    /// About this lead only.
    #[param(value_type = Option<LeadId>)]
    lead: Option<LeadId>,
    /// `me`, `nobody` or a user's id; left out: everybody's.
    #[param(value_type = Option<String>)]
    assignee: String,
    /// `open` (as they are due, the default) or `done` (the last first).
    #[param(value_type = Option<String>)]
    state: Progress,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TaskList {
    data: Vec<TaskRow>,
    next_cursor: Option<String>,
}

impl Validate for NewTask {
    type Context = ();
    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

impl Validate for TaskChange {
    type Context = ();
    fn validate_into(&self, _: &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

/// List tasks
///
/// Open ones in the order in which they are due, those without a date last.
#[utoipa::path(get, path = "/api/v1/tasks", tag = "activities", params(TasksQuery),
    responses((status = 200, body = TaskList), (status = 422, body = ProblemBody)))]
pub(super) async fn list_tasks(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(query): ApiQuery<TasksQuery>,
) -> Result<Json<TaskList>, Problem> {
    let limit = limit(query.limit)?;
    let whose = match query.assignee.as_str() {
        "" => Whose::Everybodys,
        "me" => Whose::Of(viewer.user_id),
        "nobody" => Whose::Nobodys,
        id => Whose::Of(id.parse().map_err(|error: kernel::InvalidId| {
            Problem::field("/assignee", "assignee.invalid", format!("is `me`, `nobody` or the id of a user; {error}"))
        })?),
    };
    let wanted = Wanted { whose, lead: query.lead, done: query.state == Progress::Done };
    let after = query.cursor.as_deref().map(Cursor::decode::<Edge>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut data = store::tasks::list(&tx, &wanted, after, limit + 1).await?;
    tx.commit().await?;
    let more = cut(&mut data, limit);
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&last.edge()));
    Ok(Json(TaskList { data, next_cursor }))
}

/// Make a task about a lead
///
/// It is for whoever makes it unless `assignee_id` names a colleague, or nobody (`null`).
#[utoipa::path(post, path = "/api/v1/tasks", tag = "activities", request_body = NewTask,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 201, body = Task), (status = 404, description = "no such lead", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn post_task(State(app): State<App>, viewer: Can<LeadsWrite>, request: Idempotent<NewTask>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let task = create_task(&tx, request.body, viewer.actor(), now).await?;
    let answer = idempotency.finish(tx, Answer::created(format!("/api/v1/tasks/{}", task.id), &task)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Read a task
#[utoipa::path(get, path = "/api/v1/tasks/{id}", tag = "activities", params(("id" = TaskId, Path)),
    responses((status = 200, body = Task, headers(("ETag" = String, description = "For If-Match"))), (status = 404, body = ProblemBody)))]
pub(super) async fn get_task(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<TaskId>,
) -> Result<impl axum::response::IntoResponse, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let task = store::tasks::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok((etag(task.version), Json(task)))
}

/// Change a task, or tick it off
///
/// What is named is changed, `null` removes; `{"done": true}` ticks it off. With `If-Match` only if nobody changed it meanwhile.
#[utoipa::path(patch, path = "/api/v1/tasks/{id}", tag = "activities", request_body = TaskChange,
    params(("id" = TaskId, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, body = Task), (status = 404, body = ProblemBody), (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn patch_task(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<TaskId>,
    headers: HeaderMap,
    ApiJson(change): ApiJson<TaskChange>,
) -> Result<impl axum::response::IntoResponse, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let task = update_task(&tx, id, change, if_match(&headers), viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok((etag(task.version), Json(task)))
}

/// Delete a task
#[utoipa::path(delete, path = "/api/v1/tasks/{id}", tag = "activities", params(("id" = TaskId, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
pub(super) async fn delete_task(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<TaskId>,
) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::delete_task::delete_task(&tx, id, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(StatusCode::NO_CONTENT)
}
