//! `/api/v1/audit` and `/api/v1/security-events`.

use axum::{Json, extract::State, response::Response};
use http_kit::{ApiQuery, App, Cursor, Problem, ProblemBody};
use identity::{AuditRead, Can};
use jiff::Timestamp;
use kernel::Uuid;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    entry::Entry,
    export,
    query::AuditQuery,
    security::{self, SecurityEvent, Severity},
    store,
};

/// This slice's part of the API.
pub fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(download)).routes(routes!(security_events))
}

/// Entries, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct AuditList {
    data: Vec<Entry>,
    next_cursor: Option<String>,
}

/// Search the audit log
#[utoipa::path(get, operation_id = "list_audit_entries", path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = AuditList), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn list(State(app): State<App>, viewer: Can<AuditRead>, ApiQuery(query): ApiQuery<AuditQuery>) -> Result<Json<AuditList>, Problem> {
    let limit = query.limit()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let members = if query.q.is_empty() { Vec::new() } else { identity::members(&tx).await? };
    let mut data = store::search(&tx, &query.search(&members)?, limit + 1).await?;
    tx.commit().await?;
    let next_cursor = cut(&mut data, limit).map(|last| Cursor::encode(&last.no));
    Ok(Json(AuditList { data, next_cursor }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ExportQuery {
    /// Begin behind this entry: the `last_no` of the export before. 0 when left out: the whole log.
    #[serde(default)]
    after: i64,
}

/// Export the audit log
///
/// One entry a line; the last line is a seal over their number and the hash of the last, signed (JWS, ES256) by
/// a key of `/.well-known/jwks.json`. `leadline admin verify-audit` checks such a file. Takes a session that has
/// proved itself in the last ten minutes, so an API key cannot do it.
#[utoipa::path(get, operation_id = "export_audit_log", path = "/api/v1/audit/export", tag = "audit", params(ExportQuery),
    responses((status = 200, body = String, content_type = "application/x-ndjson"), (status = 403, body = ProblemBody)))]
async fn download(State(app): State<App>, viewer: Can<AuditRead>, ApiQuery(query): ApiQuery<ExportQuery>) -> Result<Response, Problem> {
    export::download(app, &viewer, query.after).await
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SecurityQuery {
    #[param(inline)]
    severity: Option<Severity>,
    /// Such as `refusals.repeated`.
    kind: Option<String>,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Security events, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct SecurityEventList {
    data: Vec<SecurityEvent>,
    next_cursor: Option<String>,
}

/// List security events
#[utoipa::path(get, operation_id = "list_security_events", path = "/api/v1/security-events", tag = "audit", params(SecurityQuery),
    responses((status = 200, body = SecurityEventList), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn security_events(
    State(app): State<App>,
    viewer: Can<AuditRead>,
    ApiQuery(query): ApiQuery<SecurityQuery>,
) -> Result<Json<SecurityEventList>, Problem> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Problem::field("/limit", "limit.invalid", "The limit is a number from 1 to 200"));
    }
    let before = query.cursor.as_deref().map(Cursor::decode::<(Timestamp, Uuid)>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut data = security::store::list(&tx, query.severity, query.kind.as_deref(), before, limit + 1).await?;
    tx.commit().await?;
    let next_cursor = cut(&mut data, limit).map(|last| Cursor::encode(&(last.at, last.id)));
    Ok(Json(SecurityEventList { data, next_cursor }))
}

/// Takes off the row that only shows that there are more; returns the last that stays, if there are.
fn cut<T>(rows: &mut Vec<T>, limit: i64) -> Option<&T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    rows.last().filter(|_| more)
}
