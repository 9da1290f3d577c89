//! `POST /token`: a session for a password, a refresh token, or an authorization code.

use axum::extract::State;
use http_kit::App;
use identity::{
    Client, LogInError, check_password,
    flow::{self, ExchangeError},
    password,
    session::{self, Method, NewSession, RefreshError},
};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    AuthError,
    answer::{self, SessionBody, WeakPassword},
    body::{MaybeJson, Query},
    limit::Limit,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    grant_type: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PasswordGrant {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RefreshGrant {
    refresh_token: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CodeGrant {
    auth_code: Option<String>,
    code_verifier: Option<String>,
}

/// `POST /token?grant_type=`
pub(crate) async fn token(
    State(app): State<App>,
    client: Client,
    Query(params): Query<Params>,
    MaybeJson(body): MaybeJson<Value>,
) -> Result<SessionBody, AuthError> {
    match params.grant_type.as_str() {
        "password" => by_password(&app, &client, read(body)?).await,
        "refresh_token" => by_refresh_token(&app, &client, read(body)?).await,
        "pkce" => by_code(&app, &client, read(body)?).await,
        _ => Err(AuthError::new(400, "invalid_credentials", "unsupported_grant_type")),
    }
}

fn read<T: serde::de::DeserializeOwned>(body: Value) -> Result<T, AuthError> {
    let bad = |error: serde_json::Error| AuthError::new(400, "bad_json", format!("Could not parse request body as JSON: {error}"));
    serde_json::from_value(body).map_err(bad)
}

async fn by_password(app: &App, client: &Client, grant: PasswordGrant) -> Result<SessionBody, AuthError> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    if filled(grant.phone).is_some() {
        return Err(AuthError::new(400, "phone_provider_disabled", "Phone logins are disabled"));
    }
    let (Some(email), Some(password)) = (filled(grant.email), filled(grant.password)) else {
        return Err(AuthError::new(400, "invalid_credentials", "Invalid login credentials"));
    };
    // Longer ones are nobody's, and are not worth remembering.
    let email: String = email.trim().to_lowercase().chars().take(254).collect();
    let user = check_password(app, &email, password.clone(), client).await.map_err(|error| match error {
        LogInError::Credentials => AuthError::new(400, "invalid_credentials", "Invalid login credentials"),
        LogInError::Unconfirmed => AuthError::new(400, "email_not_confirmed", "Email not confirmed"),
        LogInError::Banned => AuthError::new(400, "user_banned", "User is banned"),
        LogInError::Throttled(wait) => AuthError::too_many("over_request_rate_limit", wait),
        LogInError::Db(error) => error.into(),
    })?;
    let body = answer::open(app, &NewSession::by(user, Method::Password), client).await?;
    let weak_password = password::weakness(&password, &[&email]).map(|weakness| WeakPassword {
        message: format!("The password {}", weakness.text),
        reasons: weakness.reasons.iter().map(|reason| reason.as_str()).collect(),
    });
    Ok(SessionBody { weak_password, ..body })
}

async fn by_refresh_token(app: &App, client: &Client, grant: RefreshGrant) -> Result<SessionBody, AuthError> {
    Limit::Token.count(app, client).await?;
    let token = grant.refresh_token.filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| AuthError::validation("refresh_token required"))?;
    let tokens = session::refresh(app, &token, client).await.map_err(|error| {
        let code = match &error {
            RefreshError::NotFound => "refresh_token_not_found",
            RefreshError::AlreadyUsed => "refresh_token_already_used",
            RefreshError::SessionNotFound => "session_not_found",
            RefreshError::SessionExpired => "session_expired",
            RefreshError::Banned => "user_banned",
            RefreshError::Problem(problem) => return problem.clone().into(),
        };
        AuthError::new(400, code, error.to_string())
    })?;
    answer::of_tokens(app, tokens).await
}

async fn by_code(app: &App, client: &Client, grant: CodeGrant) -> Result<SessionBody, AuthError> {
    Limit::Token.count(app, client).await?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (Some(code), Some(verifier)) = (filled(grant.auth_code), filled(grant.code_verifier)) else {
        return Err(AuthError::validation("invalid request: both auth code and code verifier should be non-empty"));
    };
    let now = app.clock.now();
    let tx = app.db.system().await?;
    let flow = flow::exchange(&tx, &app.vault, &code, &verifier, now).await.map_err(|error| match error {
        ExchangeError::NotFound => AuthError::new(404, "flow_state_not_found", error.to_string()),
        ExchangeError::Expired => AuthError::new(422, "flow_state_expired", error.to_string()),
        ExchangeError::Verifier => AuthError::new(400, "bad_code_verifier", error.to_string()),
        ExchangeError::Vault(error) => error.into(),
        ExchangeError::Db(error) => error.into(),
    })?;
    let new = NewSession { only_org: flow.only_org, ..NewSession::by(flow.user, flow.method) };
    let session = session::open(&tx, &new, client, now).await?;
    tx.commit().await?;
    Ok(SessionBody { provider_tokens: flow.provider_tokens, ..answer::of_session(app, session).await? })
}
