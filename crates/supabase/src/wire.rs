//! The layer around `/auth/v1`: cross-origin access, the gateway's key, and errors in the shape that the
//! client's version expects. Everything below the prefix passes it, whoever serves the route.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderMap, HeaderName, Method, header};
use http_kit::{App, Problem};
use tower::{Layer, ServiceExt};
use tower_http::cors::{Any, CorsLayer};

use crate::{AuthError, Keys};

/// Where the API lives.
pub const PREFIX: &str = "/auth/v1/";

pub(crate) const VERSION: HeaderName = HeaderName::from_static("x-supabase-api-version");
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("apikey");

/// Answers preflights and tells browsers that any origin may read the answers: nothing here depends on a
/// cookie, so an origin gains nothing that its own program could not ask for.
pub async fn cross_origin(request: Request, next: Next) -> Response {
    if !request.uri().path().starts_with(PREFIX) {
        return next.run(request).await;
    }
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers([API_KEY, header::AUTHORIZATION, header::CONTENT_TYPE, HeaderName::from_static("x-client-info"), VERSION])
        .expose_headers([
            header::LINK,
            HeaderName::from_static("x-total-count"),
            VERSION,
            HeaderName::from_static("x-sb-error-code"),
            header::RETRY_AFTER,
        ])
        .max_age(std::time::Duration::from_secs(86_400));
    match cors.layer(next).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// Lets in who presents a key, and renders refusals.
pub async fn gateway(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let Some(path) = request.uri().path().strip_prefix(PREFIX) else { return next.run(request).await };
    let is_recent = speaks_2024(request.headers());
    if app.config.auth.is_external() {
        let detail = "This server accepts the tokens of a hosted Supabase Auth; its own Auth API is off";
        return AuthError::new(404, "not_found", detail).render(is_recent);
    }
    // People come to these by a link or from an identity provider.
    let is_open = matches!(path, "verify" | "callback" | "authorize") || path.starts_with(".well-known/");
    if !is_open && let Err(refusal) = check_key(&app, &request) {
        return refusal.render(is_recent);
    }
    if !matches!(path, "callback" | "authorize") {
        // A browser's cookie must never be what an answer depends on: any website may send it along.
        request.headers_mut().remove(header::COOKIE);
    }
    let response = next.run(request).await;
    let refusal = response.extensions().get::<AuthError>().cloned();
    let refusal = refusal.or_else(|| response.extensions().get::<Problem>().cloned().map(AuthError::from));
    let Some(refusal) = refusal else { return response };
    let mut rendered = refusal.render(is_recent);
    for (name, value) in response.headers() {
        rendered.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    rendered.headers_mut().remove(header::CONTENT_LENGTH);
    rendered
}

fn check_key(app: &App, request: &Request) -> Result<(), AuthError> {
    let query = request.uri().query().unwrap_or_default();
    let in_query = || url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "apikey").map(|(_, value)| value.into_owned());
    let in_header = request.headers().get(API_KEY).and_then(|key| key.to_str().ok()).map(str::to_owned);
    let key = in_header.or_else(in_query).ok_or_else(|| AuthError::new(401, "no_authorization", "No API key found in request"))?;
    match Keys::of(app)?.role(&key, app.clock.now()) {
        Some(_) => Ok(()),
        None => Err(AuthError::new(401, "no_authorization", "Invalid API key")),
    }
}

/// Whether the client speaks the version of 2024-01-01 or a later one; dates in this form compare as texts.
fn speaks_2024(headers: &HeaderMap) -> bool {
    let version = headers.get(VERSION).and_then(|version| version.to_str().ok()).unwrap_or_default();
    version.parse::<jiff::civil::Date>().is_ok_and(|date| date >= jiff::civil::date(2024, 1, 1))
}
