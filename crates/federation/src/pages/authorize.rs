//! `GET /auth/v1/authorize`: where supabase-js sends a browser.

use axum::{extract::State, response::Response};
use http_kit::{ApiQuery, App};
use identity::{Client, one_time::Challenge};
use serde::Deserialize;
use supabase::AuthError;

use super::leave::{found, refused, throttle};
use crate::{
    provider::{Provider, ProviderKey},
    visit::{self, NewVisit},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Authorize {
    provider: String,
    redirect_to: String,
    scopes: String,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
    /// Passed on to the provider.
    access_type: Option<String>,
    prompt: Option<String>,
    login_hint: Option<String>,
    hd: Option<String>,
}

pub(super) async fn leave(State(app): State<App>, client: Client, ApiQuery(query): ApiQuery<Authorize>) -> Result<Response, AuthError> {
    throttle(&app, &client).await?;
    let unsupported = || AuthError::validation("Unsupported provider: provider is not enabled");
    let key = query.provider.parse::<ProviderKey>().map_err(|_| unsupported())?;
    let provider = Provider::find(&app, key).await?.filter(|provider| provider.home.is_none()).ok_or_else(unsupported)?;
    let challenge = challenge(&query)?;
    let redirect_to = app.config.may_redirect_to(&query.redirect_to).unwrap_or_else(|| app.config.public_url.clone());
    let scopes: Vec<&str> = query.scopes.split([' ', ',']).filter(|scope| is_scope(scope)).take(30).collect();
    let extra = [("access_type", &query.access_type), ("prompt", &query.prompt), ("login_hint", &query.login_hint), ("hd", &query.hd)];
    let extra: Vec<(&str, &str)> = extra.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect();
    let visit = NewVisit { redirect_to: redirect_to.as_str(), challenge, scopes: &scopes, extra: &extra, ..NewVisit::default() };
    let to = visit::begin(&app, &provider, visit).await.map_err(|error| refused(&provider, error))?;
    Ok(found(&to))
}

fn challenge(query: &Authorize) -> Result<Option<Challenge>, AuthError> {
    match (query.code_challenge.as_deref().unwrap_or_default(), query.code_challenge_method.as_deref().unwrap_or_default()) {
        ("", "") => Ok(None),
        ("", _) | (_, "") => Err(AuthError::validation("PKCE flow requires code_challenge_method and code_challenge")),
        (challenge, method) => {
            let method = method.to_lowercase();
            if method != "s256" && method != "plain" {
                return Err(AuthError::validation("unsupported code_challenge method"));
            }
            // RFC 7636, section 4.2.
            let unreserved = |c: char| c.is_ascii_alphanumeric() || "-._~".contains(c);
            if !(43..=128).contains(&challenge.len()) || !challenge.chars().all(unreserved) {
                return Err(AuthError::validation("code challenge has to be between 43 and 128 characters of A-Z a-z 0-9 - . _ ~"));
            }
            Ok(Some(Challenge { challenge: challenge.to_owned(), method }))
        }
    }
}

/// RFC 6749, section 3.3.
fn is_scope(scope: &str) -> bool {
    (1..=200).contains(&scope.len()) && scope.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\')
}
