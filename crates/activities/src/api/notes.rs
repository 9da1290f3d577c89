use axum::{Json, extract::State};
use garde::Validate;
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody, etag, if_match};
use identity::{Can, LeadsRead, LeadsWrite};
use jiff::Timestamp;
use kernel::{LeadId, NoteId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{cut, limit};
use crate::{
    actions::{self, add_note::add_note, edit_note::edit_note},
    model::Note,
    store,
};

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct NotesQuery {
    /// Whose notes.
    lead: LeadId,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Notes, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct NoteList {
    data: Vec<Note>,
    next_cursor: Option<String>,
}

/// A note to be written.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub(super) struct NewNote {
    lead_id: LeadId,
    /// Plain text, up to 10,000 characters.
    body: String,
}

/// The note's new text.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub(super) struct NoteChange {
    body: String,
}

/// List a lead's notes, newest first
#[utoipa::path(get, path = "/api/v1/notes", tag = "activities", params(NotesQuery),
    responses((status = 200, body = NoteList), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn list_notes(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(query): ApiQuery<NotesQuery>,
) -> Result<Json<NoteList>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(Cursor::decode::<(Timestamp, NoteId)>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    leads::get(&tx, query.lead).await?.ok_or_else(Problem::not_found)?;
    let mut data = store::notes::list(&tx, query.lead, before, limit + 1).await?;
    tx.commit().await?;
    let more = cut(&mut data, limit);
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&(last.created_at, last.id)));
    Ok(Json(NoteList { data, next_cursor }))
}

/// Write a note about a lead
#[utoipa::path(post, path = "/api/v1/notes", tag = "activities", request_body = NewNote,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 201, body = Note), (status = 404, description = "no such lead", body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn post_note(State(app): State<App>, viewer: Can<LeadsWrite>, request: Idempotent<NewNote>) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let note = add_note(&tx, request.body.lead_id, &request.body.body, viewer.actor(), now).await?;
    let answer = idempotency.finish(tx, Answer::created(format!("/api/v1/notes/{}", note.id), &note)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Read a note
#[utoipa::path(get, path = "/api/v1/notes/{id}", tag = "activities", params(("id" = NoteId, Path)),
    responses((status = 200, body = Note, headers(("ETag" = String, description = "For If-Match"))), (status = 404, body = ProblemBody)))]
pub(super) async fn get_note(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<NoteId>,
) -> Result<impl axum::response::IntoResponse, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let note = store::notes::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok((etag(note.version), Json(note)))
}

/// Change one's own note
#[utoipa::path(patch, path = "/api/v1/notes/{id}", tag = "activities", request_body = NoteChange,
    params(("id" = NoteId, Path), ("If-Match" = Option<String>, Header, description = "The ETag that was read")),
    responses((status = 200, body = Note), (status = 403, description = "somebody else's", body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 412, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn patch_note(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<NoteId>,
    headers: HeaderMap,
    ApiJson(change): ApiJson<NoteChange>,
) -> Result<impl axum::response::IntoResponse, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let note = edit_note(&tx, id, &change.body, if_match(&headers), viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok((etag(note.version), Json(note)))
}

/// Delete a note
///
/// One's own; anybody's for whoever may change the organisation's settings.
#[utoipa::path(delete, path = "/api/v1/notes/{id}", tag = "activities", params(("id" = NoteId, Path)),
    responses((status = 204), (status = 403, description = "somebody else's", body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn delete_note(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<NoteId>,
) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::delete_note::delete_note(&tx, &viewer, id, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(StatusCode::NO_CONTENT)
}
