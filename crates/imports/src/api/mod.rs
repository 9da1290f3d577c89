//! `/api/v1/imports`.

mod trial;

use axum::{
    Json,
    extract::{DefaultBodyLimit, Multipart, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, ApiPath, ApiQuery, App, Cursor, Idempotency, Idempotent, Problem, ProblemBody, Total};
use identity::{Can, LeadsImport, LeadsRead};
use jiff::Timestamp;
use kernel::{ChangeSetId, ImportId, Uuid};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{
    router::{OpenApiRouter, UtoipaMethodRouterExt},
    routes,
};

use super::{Column, Counts, Import, ImportStatus, Plan, actions, rejected_csv, run, store, upload::receive, upsert};

/// This part of the slice's API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_import).layer(DefaultBodyLimit::disable()))
        .routes(routes!(list_imports))
        .routes(routes!(get_import, discard_import))
        .routes(routes!(start_import))
        .routes(routes!(stop_import))
        .routes(routes!(get_rejected))
        .merge(trial::api())
        .merge(upsert::api())
}

/// A file brought in, or about to be.
#[derive(Debug, Serialize, ToSchema)]
struct ImportBody {
    id: ImportId,
    file_name: String,
    file_bytes: u64,
    status: ImportStatus,
    total_rows: u64,
    rows_done: u64,
    #[serde(flatten)]
    counts: Counts,
    rows_per_second: Option<u64>,
    /// At the rate so far.
    seconds_left: Option<i64>,
    /// What undoes it: one change set per start, the newest last.
    change_set_ids: Vec<ChangeSetId>,
    /// Whose export it looks like: `hubspot`, `salesforce`, `apollo`, `sales_navigator`, `linkedin`, `outlook` or `google`.
    layout: Option<String>,
    encoding: String,
    delimiter: String,
    columns: Vec<Column>,
    plan: Plan,
    /// Why it failed; empty otherwise.
    failure: String,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    finished_at: Option<Timestamp>,
}

impl From<Import> for ImportBody {
    fn from(import: Import) -> Self {
        Self {
            rows_per_second: import.rows_per_second(),
            seconds_left: import.time_left().map(|left| left.as_secs()),
            change_set_ids: import.change_sets,
            layout: import.analysis.layout.map(|layout| layout.as_str().to_owned()),
            id: import.id,
            file_name: import.file_name,
            file_bytes: import.file_bytes,
            status: import.status,
            total_rows: import.total_rows,
            rows_done: import.rows_done,
            counts: import.counts,
            encoding: import.analysis.encoding,
            delimiter: import.analysis.delimiter,
            columns: import.analysis.columns,
            plan: import.plan,
            failure: import.failure,
            created_at: import.created_at,
            started_at: import.started_at,
            finished_at: import.finished_at,
        }
    }
}

/// Imports, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct ImportList {
    data: Vec<ImportBody>,
    next_cursor: Option<String>,
    total: Total,
}

/// Paging.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// 1 to 200; 50 when absent.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// How to start: the plan to import by, or nothing for the guessed one.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[garde(allow_unvalidated)]
struct StartBody {
    plan: Option<Plan>,
}

/// The upload.
#[derive(ToSchema)]
#[expect(dead_code, reason = "documents the multipart body")]
struct UploadBody {
    /// A CSV file or Excel workbook, also packed (.gz, .zip), up to 512 MB.
    #[schema(value_type = String, format = Binary)]
    file: String,
}

/// Upload a file of leads
///
/// The file is stored and read once; nothing is imported before `start`. The answer says what its columns were taken for.
#[utoipa::path(post, path = "/api/v1/imports", tag = "leads",
    params(("Idempotency-Key" = Option<String>, Header)),
    request_body(content = UploadBody, content_type = "multipart/form-data"),
    responses((status = 201, body = ImportBody), (status = 409, body = ProblemBody, description = "50 uploads wait to be started"),
        (status = 413, body = ProblemBody, description = "Larger than 512 MB"),
        (status = 422, body = ProblemBody, description = "Not a table, or one without rows")))]
async fn create_import(State(app): State<App>, viewer: Can<LeadsImport>, headers: HeaderMap, body: Multipart) -> Result<Answer, Problem> {
    let actor = viewer.actor();
    let idempotency = Idempotency::of_stream(&headers, "/api/v1/imports")?.by(actor);
    let (import, kept) = receive(&app, viewer.org_id, actor, &headers, body).await?;
    let idempotency = idempotency.with_content(&kept.digest());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    actions::keep_upload(&tx, &app, &import, actor).await?;
    let location = format!("/api/v1/imports/{}", import.id);
    let answer = idempotency.finish(tx, Answer::created(location, &ImportBody::from(import))).await?;
    kept.keep();
    app.feed.nudge();
    Ok(answer)
}

/// List imports, newest first
#[utoipa::path(get, path = "/api/v1/imports", tag = "leads", params(ListParams), responses((status = 200, body = ImportList)))]
async fn list_imports(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(query): ApiQuery<ListParams>,
) -> Result<Json<ImportList>, Problem> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::field("/limit", "limit.out_of_range", "must be from 1 to 200"));
    }
    let before: Option<(Timestamp, Uuid)> = query.cursor.as_deref().map(Cursor::decode).transpose()?;
    let mut imports = store::list(&app.db, &viewer.scope, before, limit + 1).await?;
    let count = store::count(&app.db, &viewer.scope).await?;
    let total = Total { value: count.min(10_000), exact: count <= 10_000 };
    let page = usize::try_from(limit).unwrap_or_default();
    let more = imports.len() > page;
    imports.truncate(page);
    let next_cursor = imports.last().filter(|_| more).map(|last| Cursor::encode(&(last.created_at, last.id.uuid())));
    Ok(Json(ImportList { data: imports.into_iter().map(ImportBody::from).collect(), next_cursor, total }))
}

/// Read an import: its columns, its plan, how far it is
#[utoipa::path(get, path = "/api/v1/imports/{id}", tag = "leads", params(("id" = ImportId, Path)),
    responses((status = 200, body = ImportBody), (status = 404, body = ProblemBody)))]
async fn get_import(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<ImportId>) -> Result<Json<ImportBody>, Problem> {
    let import = store::find(&app.db, &viewer.scope, id).await?.ok_or_else(Problem::not_found)?;
    Ok(Json(import.into()))
}

/// Discard an upload that was not started
#[utoipa::path(delete, path = "/api/v1/imports/{id}", tag = "leads", params(("id" = ImportId, Path)),
    responses((status = 204), (status = 404, body = ProblemBody), (status = 409, description = "It has begun", body = ProblemBody)))]
async fn discard_import(State(app): State<App>, viewer: Can<LeadsImport>, ApiPath(id): ApiPath<ImportId>) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::discard_import(&tx, &app, id, viewer.actor()).await?;
    tx.commit().await?;
    run::remove_file(&app, viewer.org_id, id).await;
    app.feed.nudge();
    Ok(StatusCode::NO_CONTENT)
}

/// Start an import, or let a stopped one go on
#[utoipa::path(post, path = "/api/v1/imports/{id}/start", tag = "leads", params(("id" = ImportId, Path), ("Idempotency-Key" = Option<String>, Header)),
    request_body = Option<StartBody>,
    responses((status = 202, body = ImportBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn start_import(
    State(app): State<App>,
    viewer: Can<LeadsImport>,
    ApiPath(id): ApiPath<ImportId>,
    request: Idempotent<Maybe<StartBody>>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let plan = request.body.0.unwrap_or_default().plan;
    let import = actions::start_import(&tx, &app, id, plan, viewer.actor()).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::ACCEPTED, &ImportBody::from(import))).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Stop a running import; what it has stored stays
#[utoipa::path(post, path = "/api/v1/imports/{id}/stop", tag = "leads", params(("id" = ImportId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = ImportBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn stop_import(
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
    let import = actions::stop_import(&tx, &app, id).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &ImportBody::from(import))).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Download the rejected rows as CSV
///
/// The original columns, then `leadline_row` and `leadline_reason`. Cells that a spreadsheet would run as a formula are disarmed with a leading `'`.
/// Whole rows leave with it, so it is for those who import.
#[utoipa::path(get, path = "/api/v1/imports/{id}/rejected.csv", tag = "leads", params(("id" = ImportId, Path)),
    responses((status = 200, content_type = "text/csv", body = String), (status = 404, body = ProblemBody)))]
async fn get_rejected(State(app): State<App>, viewer: Can<LeadsImport>, ApiPath(id): ApiPath<ImportId>) -> Result<Response, Problem> {
    let import = store::find(&app.db, &viewer.scope, id).await?.ok_or_else(Problem::not_found)?;
    Ok(rejected_csv::answer(&app, viewer.scope.clone(), import))
}

/// A body that may be missing.
#[derive(Debug, Deserialize, garde::Validate)]
#[serde(transparent)]
struct Maybe<T: garde::Validate<Context = ()>>(#[garde(dive)] Option<T>);
