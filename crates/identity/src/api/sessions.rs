use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, Idempotent, Problem, ProblemBody};
use jiff::Timestamp;
use kernel::SessionId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    Viewer,
    actions::end_sessions::{end_one, end_others},
    device,
    store::account,
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_sessions)).routes(routes!(delete)).routes(routes!(post_end_others))
}

/// Where the signed-in person is signed in.
#[derive(Debug, Serialize, ToSchema)]
struct Session {
    id: SessionId,
    /// In plain words, such as "Firefox on Linux".
    device: String,
    /// Where it was last used from.
    address: String,
    /// The session that makes this request.
    current: bool,
    /// 2 once a second factor was shown in it.
    aal: i16,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    last_used_at: Timestamp,
}

/// The last used first, 200 at most.
#[derive(Debug, Serialize, ToSchema)]
struct SessionList {
    data: Vec<Session>,
}

/// How many ended.
#[derive(Debug, Serialize, ToSchema)]
struct EndedSessions {
    ended: u64,
}

/// List your own sessions
#[utoipa::path(get, path = "/api/v1/sessions", tag = "identity", responses((status = 200, body = SessionList), (status = 403, body = ProblemBody)))]
async fn list_sessions(State(app): State<App>, viewer: Viewer) -> Result<Json<SessionList>, Problem> {
    let here = own_session(&viewer)?;
    let sessions = account::sessions(&app.db, viewer.user_id, app.clock.now()).await?;
    let shown = sessions.into_iter().map(|session| Session {
        id: session.id,
        device: device(&session.agent),
        address: session.address,
        current: session.id == here,
        aal: session.aal,
        created_at: session.created_at,
        last_used_at: session.last_seen_at,
    });
    Ok(Json(SessionList { data: shown.collect() }))
}

/// End one of your own sessions
#[utoipa::path(delete, operation_id = "delete_session", path = "/api/v1/sessions/{id}", tag = "identity", params(("id" = SessionId, Path)),
    responses((status = 204), (status = 404, body = ProblemBody)))]
async fn delete(State(app): State<App>, viewer: Viewer, ApiPath(id): ApiPath<SessionId>) -> Result<StatusCode, Problem> {
    own_session(&viewer)?;
    end_one(&app, viewer.user_id, id, &viewer.client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// End all your other sessions
#[utoipa::path(post, path = "/api/v1/sessions/end-others", tag = "identity", params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = EndedSessions)))]
async fn post_end_others(State(app): State<App>, viewer: Viewer, request: Idempotent<()>) -> Result<Answer, Problem> {
    let here = own_session(&viewer)?;
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let ended = end_others(&app, viewer.user_id, here, &viewer.client).await?;
    idempotency.finish(tx, Answer::json(StatusCode::OK, &EndedSessions { ended })).await
}

/// A key is a program's, and programs have no say over where a person is signed in; nor has an organisation's
/// identity provider over the person's other sessions.
fn own_session(viewer: &Viewer) -> Result<SessionId, Problem> {
    let session = viewer.principal().session.filter(|_| viewer.principal().owns_account);
    session.ok_or_else(|| {
        Problem::forbidden("Only a session of your own can do this. Sign in with your password, a passkey or a link by mail.")
    })
}
