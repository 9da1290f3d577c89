//! `/api/v1/members`: the people of the organisation, and who owns it.

use axum::{Json, extract::State};
use http::{HeaderMap, StatusCode};
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, Cursor, Idempotency, Idempotent, Problem, ProblemBody, Total};
use kernel::{TeamId, UserId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::limit;
use crate::{
    Can, Engine, NewMember, SettingsRead, TeamWrite,
    actions::{
        add_member,
        change_member::{MemberChange, change_member},
        remove_member::remove_member,
        transfer_ownership::transfer_ownership,
    },
    store::colleagues::{self, After, Colleague, Search, TeamOf},
};

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_members, post_member))
        .routes(routes!(get_member, patch_member, delete_member))
        .routes(routes!(post_ownership))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// A part of the name or address.
    #[serde(default)]
    q: String,
    role: Option<String>,
    team_id: Option<TeamId>,
    has_second_factor: Option<bool>,
    /// 1 to 200; 50 when left out.
    limit: Option<i64>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// People by name.
#[derive(Debug, Serialize, ToSchema)]
struct MemberList {
    data: Vec<Colleague>,
    next_cursor: Option<String>,
    /// All of the organisation's, whatever was asked for.
    total: Total,
}

/// Who was added or invited.
#[derive(Debug, Serialize, ToSchema)]
struct AddedBody {
    email: String,
    role: String,
}

/// Whom to hand the organisation over to.
#[derive(Debug, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
struct Handover {
    /// A colleague.
    to: UserId,
}

/// List the people of the organisation
#[utoipa::path(get, path = "/api/v1/members", tag = "people", params(ListQuery),
    responses((status = 200, body = MemberList), (status = 422, body = ProblemBody)))]
async fn list_members(
    State(app): State<App>,
    viewer: Can<SettingsRead>,
    ApiQuery(query): ApiQuery<ListQuery>,
) -> Result<Json<MemberList>, Problem> {
    let limit = limit(query.limit)?;
    let after = query.cursor.as_deref().map(Cursor::decode::<After>).transpose()?;
    let search = Search { q: query.q, role: query.role, team: query.team_id.map(TeamOf::Team), has_second_factor: query.has_second_factor };
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut data = colleagues::list(&tx, &search, after.as_ref(), limit + 1).await?;
    let value = colleagues::count(&tx).await?;
    tx.commit().await?;
    let more = super::cut(&mut data, limit);
    let next_cursor = data.last().filter(|_| more).map(|last| Cursor::encode(&(&last.sort, last.id)));
    Ok(Json(MemberList { data, next_cursor, total: Total { value, exact: true } }))
}

/// Read a colleague
#[utoipa::path(get, path = "/api/v1/members/{id}", tag = "people", params(("id" = UserId, Path)),
    responses((status = 200, body = Colleague), (status = 404, body = ProblemBody)))]
async fn get_member(State(app): State<App>, viewer: Can<SettingsRead>, ApiPath(id): ApiPath<UserId>) -> Result<Json<Colleague>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let colleague = colleagues::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Json(colleague))
}

/// Add a person with a first password
///
/// For an address that nobody has yet: its person is a member at once, and the password is handed to them. An address
/// that has an account is invited instead, and this answers the same. Prefer invitations. The password is not part
/// of what a repeated `Idempotency-Key` is compared by.
#[utoipa::path(post, path = "/api/v1/members", tag = "people", request_body = NewMember,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 201, body = AddedBody), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn post_member(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    headers: HeaderMap,
    ApiJson(new): ApiJson<NewMember>,
) -> Result<Answer, Problem> {
    let idempotency = idempotency(&headers, &new)?.by(viewer.actor());
    let now = app.clock.now();
    let answer = Answer::json(StatusCode::CREATED, &AddedBody { email: new.email.trim().to_lowercase(), role: new.role.clone() });
    let new = add_member::check(new).await?;
    let tx = app.db.system().await?;
    let is_new = add_member::make_known(&app, &tx, &viewer, &new, now).await?;
    let tx = tx.enter(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    add_member::place(&app, &tx, &viewer, &new, is_new, now).await?;
    let answer = idempotency.finish(tx, answer).await?;
    add_member::ask_to_confirm(&app, &new, is_new).await?;
    Ok(answer)
}

/// Everything but the password: a digest of it in the database would help to guess it.
fn idempotency(headers: &HeaderMap, new: &NewMember) -> Result<Idempotency, Problem> {
    let NewMember { name, email, role, team_id, password: _ } = new;
    let content = serde_json::json!([name, email, role, team_id]).to_string();
    Ok(Idempotency::of_stream(headers, "POST /api/v1/members")?.with_content(&Sha256::digest(content.as_bytes())))
}

/// Change a colleague's role or team
///
/// It acts on their next request. A role needs a fresh proof of identity, and nobody gives or takes one that is above their own.
#[utoipa::path(patch, path = "/api/v1/members/{id}", tag = "people", params(("id" = UserId, Path)), request_body = MemberChange,
    responses((status = 200, body = Colleague), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody),
        (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn patch_member(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<UserId>,
    ApiJson(change): ApiJson<MemberChange>,
) -> Result<Json<Colleague>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let colleague = change_member(&app, &tx, &viewer, id, change, app.clock.now()).await?;
    tx.commit().await?;
    Engine::of(&app)?.forget_people_of(viewer.org_id);
    Ok(Json(colleague))
}

/// Remove a colleague
///
/// Their sessions here end at once, their API keys and the invitations that they sent are void, and their leads belong to nobody.
#[utoipa::path(delete, path = "/api/v1/members/{id}", tag = "people", params(("id" = UserId, Path)),
    responses((status = 204), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 409, body = ProblemBody)))]
async fn delete_member(State(app): State<App>, viewer: Can<TeamWrite>, ApiPath(id): ApiPath<UserId>) -> Result<StatusCode, Problem> {
    remove_member(&app, &viewer, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Hand the organisation over
///
/// An owner makes a colleague the owner in their place and becomes an admin. It needs a fresh proof of identity, and both are told by mail.
#[utoipa::path(post, path = "/api/v1/organisation/owner", tag = "people", request_body = Handover,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200, body = Colleague), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
async fn post_ownership(State(app): State<App>, viewer: Can<TeamWrite>, request: Idempotent<Handover>) -> Result<Answer, Problem> {
    let (idempotency, now) = (request.idempotency.by(viewer.actor()), app.clock.now());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay);
    }
    let heir = transfer_ownership(&app, &tx, &viewer, request.body.to, now).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &heir)).await?;
    Engine::of(&app)?.forget_people_of(viewer.org_id);
    Ok(answer)
}
