//! What a client may know before anybody signs in: what is switched on, and the keys that verify tokens.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::header;
use http_kit::{App, ProviderName, SignUp};
use identity::Engine;
use serde_json::{Value, json};

use crate::AuthError;

/// `GET /settings`
pub(crate) async fn settings(State(app): State<App>) -> Json<Value> {
    let auth = &app.config.auth;
    let has = |name: ProviderName| auth.provider(name.as_str()).is_some();
    // The providers that Supabase knows; clients draw a button for each that is on.
    let others = ["apple", "azure", "bitbucket", "discord", "facebook", "figma", "fly", "github", "gitlab", "kakao", "keycloak"];
    let others = others.into_iter().chain(["linkedin", "notion", "slack", "slack_oidc", "spotify", "twitch", "twitter", "workos", "zoom"]);
    let mut external: serde_json::Map<String, Value> = others.map(|name| (name.to_owned(), json!(false))).collect();
    external.extend([
        ("email".to_owned(), json!(true)),
        ("phone".to_owned(), json!(false)),
        ("anonymous_users".to_owned(), json!(false)),
        ("google".to_owned(), json!(has(ProviderName::Google))),
        ("linkedin_oidc".to_owned(), json!(has(ProviderName::LinkedinOidc))),
        ("oidc".to_owned(), json!(has(ProviderName::Oidc))),
    ]);
    Json(json!({
        "external": external,
        "disable_signup": app.config.signup != SignUp::Open,
        "mailer_autoconfirm": !auth.confirm_email,
        "phone_autoconfirm": false,
        "sms_provider": "",
        "saml_enabled": false,
    }))
}

/// `GET /health`
pub(crate) async fn health() -> Json<Value> {
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "name": "Leadline Auth",
        "description": "Leadline's user registration and authentication API, in the words of Supabase Auth",
    }))
}

/// `GET /.well-known/jwks.json`: the public halves only.
pub(crate) async fn jwks(State(app): State<App>) -> Result<Response, AuthError> {
    let keys = Engine::of(&app)?.jwk_set();
    Ok(([(header::CACHE_CONTROL, "public, max-age=600")], Json(keys)).into_response())
}
