use axum::{Json, extract::State};
use http_kit::{ApiJson, ApiPath, ApiQuery, App, FieldError, Problem, ProblemBody};
use identity::{Can, LeadsRead, LeadsWrite};
use kernel::AccountId;
use serde_json::Value;

use super::{
    leads::Patch,
    list::{Envelope, SearchParams, limit},
};
use crate::{
    actions::update_account::{locked, update_account},
    model::{Account, AccountDraft},
    store::accounts::{self, AccountRow},
};

/// List accounts by name, with the number of their people
#[utoipa::path(get, path = "/api/v1/accounts", tag = "accounts", params(SearchParams),
    responses((status = 200, body = Envelope<AccountRow>), (status = 422, body = ProblemBody)))]
pub(super) async fn list_accounts(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(params): ApiQuery<SearchParams>,
) -> Result<Json<Envelope<AccountRow>>, Problem> {
    let page = accounts::list(&app.db, &viewer.scope, &params.q, limit(params.limit)?, params.cursor.as_deref()).await?;
    Ok(Json(page.into()))
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
