use axum::{Json, extract::State};
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, ApiJson, ApiPath, ApiQuery, App, FieldError, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite};
use kernel::{AccountId, ChangeSetId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    leads::Patch,
    list::{Envelope, limit},
};
use crate::{
    actions::{
        create_account::create_account,
        merge_accounts::{best_facts, merge_accounts},
        update_account::{locked, update_account},
    },
    model::{Account, AccountDraft},
    store::accounts::{self, AccountRow, AccountSort, InTalks, RollUp},
};

/// The query of the list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct AccountParams {
    /// Words that must all occur in name or domain.
    #[param(value_type = Option<String>)]
    q: String,
    /// `name`, `created_at`, `employees` or `revenue`, with `-` before it for descending.
    #[param(value_type = Option<String>, example = "name")]
    sort: String,
    /// Rows on a page: 1 to 200, usually 50.
    limit: Option<i64>,
    /// `next_cursor` of the answer before, with the same other parameters.
    cursor: Option<String>,
}

/// List accounts, with the number of their people
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", params(AccountParams),
    responses((status = 200, body = Envelope<AccountRow>), (status = 422, body = ProblemBody)))]
pub(super) async fn list_accounts(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(params): ApiQuery<AccountParams>,
) -> Result<Json<Envelope<AccountRow>>, Problem> {
    let sort = match params.sort.as_str() {
        "" => AccountSort::default(),
        text => text.parse().map_err(|()| {
            Problem::field("/sort", "sort.unknown", "Sort by name, created_at, employees or revenue, with - before it for descending")
        })?,
    };
    let page = accounts::list(&app.db, &viewer.scope, &params.q, sort, limit(params.limit)?, params.cursor.as_deref()).await?;
    Ok(Json(Envelope { data: page.rows, next_cursor: page.next, total: Some(page.total) }))
}

/// Create an account
///
/// Accounts also appear by themselves, with the leads that name them.
#[utoipa::path(post, path = "/api/v1/accounts", tag = "accounts", request_body = AccountDraft,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 201, body = Account), (status = 403, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn post_account(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    request: Idempotent<NewAccount>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let account = create_account(&tx, request.body.0, viewer.actor(), app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer::created(format!("/api/v1/accounts/{}", account.id), &account)).await?;
    app.feed.nudge();
    Ok(answer)
}

/// A draft; what is wrong with it the action says.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct NewAccount(AccountDraft);

impl Validate for NewAccount {
    type Context = ();
    fn validate_into(&self, (): &(), _: &mut dyn FnMut() -> garde::Path, _: &mut garde::Report) {}
}

/// What the people of an account add up to, and which colleagues talk to some of them.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AccountSummary {
    #[serde(flatten)]
    roll_up: RollUp,
    /// Colleagues in conversation with somebody there in the last 30 days: one line each, at most five.
    in_conversation: Vec<InTalks>,
    /// Accounts that may be the same company: of one name but for its legal form, or of one registered domain.
    similar: Vec<Account>,
}

/// Read what an account's people add up to
#[utoipa::path(get, path = "/api/v1/accounts/{id}/summary", tag = "accounts", params(("id" = AccountId, Path)),
    responses((status = 200, body = AccountSummary), (status = 404, body = ProblemBody)))]
pub(super) async fn account_summary(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<AccountId>,
) -> Result<Json<AccountSummary>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    accounts::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let roll_up = accounts::roll_up(&tx, id).await?;
    let in_conversation = accounts::in_talks(&tx, id, viewer.user_id, app.clock.now()).await?;
    tx.commit().await?;
    let similar = accounts::similar(&app.db, &viewer.scope, id).await?;
    Ok(Json(AccountSummary { roll_up, in_conversation, similar }))
}

/// Which account becomes part of the one in the address.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeAccountRequest {
    /// It goes, and its people come.
    #[garde(skip)]
    account_id: AccountId,
    /// The facts of the one that stays; missing: its own, completed by the other's.
    #[serde(default)]
    #[garde(skip)]
    facts: Option<AccountDraft>,
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MergedAccount {
    account: Account,
    /// Undone by `POST /api/v1/changes/{id}/undo`.
    change_set_id: ChangeSetId,
}

/// Merge another account into this one
///
/// Its people move, and all people get the facts of the account. One change set, undoable for 30 days.
#[utoipa::path(post, path = "/api/v1/accounts/{id}/merge", tag = "accounts", request_body = MergeAccountRequest,
    params(("id" = AccountId, Path), ("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 200, body = MergedAccount), (status = 403, body = ProblemBody), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn merge_account(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<AccountId>,
    request: Idempotent<MergeAccountRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let into = accounts::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let from = accounts::get(&tx, request.body.account_id).await?.ok_or_else(Problem::not_found)?;
    let facts = request.body.facts.unwrap_or_else(|| best_facts(&into, &from));
    let (account, change_set_id) = merge_accounts(&tx, id, from.id, facts, viewer.actor(), app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &MergedAccount { account, change_set_id })).await?;
    app.feed.nudge();
    Ok(answer)
}

/// Read an account
#[utoipa::path(get, path = "/api/v1/accounts/{id}", tag = "accounts", params(("id" = AccountId, Path)),
    responses((status = 200, body = Account), (status = 404, body = ProblemBody)))]
pub(super) async fn get_account(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<AccountId>,
) -> Result<Json<Account>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let account = accounts::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    Ok(Json(account))
}

/// Change an account
///
/// A merge patch (RFC 7396). What changes is written onto all leads of the account in the same transaction.
#[utoipa::path(patch, path = "/api/v1/accounts/{id}", tag = "accounts", params(("id" = AccountId, Path)),
    request_body(content = AccountDraft, content_type = "application/merge-patch+json"),
    responses((status = 200, body = Account), (status = 404, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn patch_account(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<AccountId>,
    ApiJson(patch): ApiJson<Patch>,
) -> Result<Json<Account>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let before = locked(&tx, id).await?;
    let mut merged = serde_json::to_value(before.draft()).unwrap_or_default();
    if let (Value::Object(merged), Value::Object(patch)) = (&mut merged, &patch.0) {
        merged.extend(patch.clone());
    }
    let draft: AccountDraft =
        serde_json::from_value(merged).map_err(|error| Problem::invalid(vec![FieldError::new("", "invalid", error.to_string())]))?;
    let account = update_account(&tx, id, draft, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(Json(account))
}
