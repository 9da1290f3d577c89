//! `/api/v1/invitations`: places that wait for somebody.

use axum::{Json, extract::State};
use http::StatusCode;
use http_kit::{Answer, ApiPath, ApiQuery, App, Cursor, Idempotent, Problem, ProblemBody};
use jiff::Timestamp;
use kernel::InvitationId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{cut, limit};
use crate::{
    Can, SettingsRead, TeamWrite,
    actions::invite::{NewInvitations, invite, resend_invitation, revoke_invitation},
    store::invitations::{self, Invitation},
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_invitations, post_invitations)).routes(routes!(delete_invitation)).routes(routes!(post_resend))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Invitations that nobody has accepted yet, the newest first.
#[derive(Debug, Serialize, ToSchema)]
struct InvitationList {
    data: Vec<Invitation>,
    next_cursor: Option<String>,
}

/// What was sent.
#[derive(Debug, Serialize, ToSchema)]
struct Sent {
    data: Vec<Invitation>,
}

/// List invitations
#[utoipa::path(get, path = "/api/v1/invitations", tag = "people", params(ListQuery),
    responses((status = 200, body = InvitationList), (status = 422, body = ProblemBody)))]
async fn list_invitations(
    State(app): State<App>,
    viewer: Can<SettingsRead>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<InvitationList>, Problem> {
    let limit = limit(query.limit)?;
    let before = query.cursor.as_deref().map(Cursor::decode::<(Timestamp, InvitationId)>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut data = invitations::list(&tx, before, limit + 1).await?;
    tx.commit().await?;
    let more = cut(&mut data, limit);
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&(last.created_at, last.id)));
    Ok(Json(InvitationList { data, next_cursor }))
}

/// Invite people
///
/// Each gets a letter with a link that works for seven days and for their address only, whether they have an account yet or not.
#[utoipa::path(post, path = "/api/v1/invitations", tag = "people", request_body = NewInvitations,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = Sent), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn post_invitations(State(app): State<App>, viewer: Can<TeamWrite>, request: Idempotent<NewInvitations>) -> Result<Answer, Problem> {
    let (idempotency, now) = (request.idempotency.by(viewer.actor()), app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let data = invite(&app, &tx, &viewer, request.body, now).await?;
    idempotency.finish(tx, Answer::json(StatusCode::CREATED, &Sent { data })).await
}

/// Withdraw an invitation
#[utoipa::path(delete, path = "/api/v1/invitations/{id}", tag = "people", params(("id" = InvitationId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn delete_invitation(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<InvitationId>,
) -> Result<StatusCode, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    revoke_invitation(&tx, &viewer, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Send an invitation again
///
/// With a new link, good for seven days; the one before works no more.
#[utoipa::path(post, path = "/api/v1/invitations/{id}/resend", tag = "people", params(("id" = InvitationId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Invitation), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody)))]
async fn post_resend(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<InvitationId>,
    request: Idempotent<()>,
) -> Result<Answer, Problem> {
    let (idempotency, now) = (request.idempotency.by(viewer.actor()), app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let sent = resend_invitation(&app, &tx, &viewer, id, now).await?;
    idempotency.finish(tx, Answer::json(StatusCode::OK, &sent)).await
}
