//! The redirect to a provider.

use std::time::Duration;

use axum::response::{IntoResponse, Response};
use cache::Rate;
use http::{HeaderName, HeaderValue, StatusCode, header};
use http_kit::{App, Chrome, Problem, ProblemKind};
use identity::Client;
use maud::html;
use ui::{Button, Icon};

use crate::{provider::Provider, visit::VisitError};

/// Visits begun or ended from one neighbourhood: a whole office signs in at nine.
const PER_ADDRESS: Rate = Rate { uses: 120, per: Duration::from_secs(300) };

/// Counts a visit.
pub(super) async fn throttle(app: &App, client: &Client) -> Result<(), Problem> {
    let key = format!("federation:{}", client.neighbourhood());
    Ok(http_kit::throttle(app, &[(&key, PER_ADDRESS)]).await?)
}

/// 302, as clients of the Auth API expect it.
pub(super) fn found(to: &str) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    (StatusCode::FOUND, [(header::LOCATION, location)]).into_response()
}

/// A page that goes on by itself. Our policy lets no form end on another site, redirects included, and a
/// provider is one.
pub(super) fn onward(chrome: &Chrome, label: &str, to: &str) -> Response {
    let content = html! {
        h1 { "Continue to " (label) }
        p.muted { "You are on your way. If nothing happens, press the button." }
        (Button::primary(format!("Continue to {label}")).trailing(Icon::ArrowRight).href(to))
    };
    let mut response = chrome.bare("Sign in", content).into_response();
    if let Ok(refresh) = HeaderValue::from_str(&format!("0; url={to}")) {
        response.headers_mut().insert(HeaderName::from_static("refresh"), refresh);
    }
    response
}

/// Why somebody could not leave, for them; the cause is logged.
pub(super) fn refused(provider: &Provider, error: VisitError) -> Problem {
    if let VisitError::Problem(problem) = error {
        return problem;
    }
    tracing::warn!(provider = %provider.key, issuer = provider.issuer, %error, "a visit to an identity provider could not begin");
    Problem::new(ProblemKind::Unavailable, error.told(&provider.label))
}
