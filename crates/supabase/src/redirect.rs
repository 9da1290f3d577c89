//! Where people are sent after they followed a link, and what the address carries.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use http_kit::{App, Config};
use url::{Url, form_urlencoded::Serializer};

use crate::{AuthError, answer::SessionBody};

/// The `redirect_to` of a request where it may lead people, for a link in a mail.
pub(crate) fn allowed(config: &Config, redirect_to: Option<&str>) -> Option<String> {
    redirect_to.and_then(|address| config.may_redirect_to(address)).map(Into::into)
}

/// The same, or else our own front page.
pub(crate) fn target(app: &App, redirect_to: Option<&str>) -> Url {
    redirect_to.and_then(|address| app.config.may_redirect_to(address)).unwrap_or_else(|| app.config.public_url.clone())
}

/// With the session's tokens behind the `#`, which browsers send to no server.
pub(crate) fn with_session(to: Url, session: &SessionBody, kind: &str) -> Response {
    let fragment = pairs(&[
        ("access_token", &session.access_token),
        ("expires_at", &session.expires_at.to_string()),
        ("expires_in", &session.expires_in.to_string()),
        ("refresh_token", &session.refresh_token),
        ("sb", ""),
        ("token_type", session.token_type),
        ("type", kind),
    ]);
    see_other(with_fragment(to, &fragment))
}

/// With a code to exchange.
pub(crate) fn with_code(mut to: Url, code: &str) -> Response {
    set_query(&mut to, &[("code", code)]);
    see_other(to)
}

/// With what went wrong: behind the `#`, and for clients of the PKCE flow in the query too.
pub(crate) fn with_error(mut to: Url, error: &AuthError, is_pkce: bool) -> Response {
    let word = match error.status {
        StatusCode::BAD_REQUEST => "invalid_request",
        StatusCode::UNAUTHORIZED => "unauthorized_client",
        StatusCode::FORBIDDEN => "access_denied",
        StatusCode::SERVICE_UNAVAILABLE => "temporarily_unavailable",
        _ => "server_error",
    };
    let told = [("error", word), ("error_code", error.code), ("error_description", error.message.as_ref())];
    if is_pkce {
        set_query(&mut to, &told);
    }
    let fragment = format!("{}&sb=", pairs(&told));
    see_other(with_fragment(to, &fragment))
}

fn pairs(pairs: &[(&str, &str)]) -> String {
    Serializer::new(String::new()).extend_pairs(pairs).finish()
}

fn with_fragment(mut to: Url, fragment: &str) -> Url {
    to.set_fragment(Some(fragment));
    to
}

/// Replaces what the address says under these names already: a client reads the first.
fn set_query(to: &mut Url, pairs: &[(&str, &str)]) {
    let kept: Vec<(String, String)> = to.query_pairs().into_owned().filter(|(name, _)| !pairs.iter().any(|(new, _)| new == name)).collect();
    to.query_pairs_mut().clear().extend_pairs(kept).extend_pairs(pairs);
}

fn see_other(to: Url) -> Response {
    let mut response = StatusCode::SEE_OTHER.into_response();
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(to.as_str()) {
        headers.insert(header::LOCATION, location);
    }
    // The address that led here holds a secret, and the one that it leads to holds another.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(response: &Response) -> &str {
        response.headers()[header::LOCATION].to_str().unwrap()
    }

    #[test]
    fn errors_stand_behind_the_fragment_and_for_pkce_in_the_query() {
        let error = AuthError::new(403, "otp_expired", "Email link is invalid or has expired");
        let to: Url = "https://app.example/in?error=none&a=b#old".parse().unwrap();
        let told = "error=access_denied&error_code=otp_expired&error_description=Email+link+is+invalid+or+has+expired";
        assert_eq!(location(&with_error(to.clone(), &error, false)), format!("https://app.example/in?error=none&a=b#{told}&sb="));
        assert_eq!(location(&with_error(to.clone(), &error, true)), format!("https://app.example/in?a=b&{told}#{told}&sb="));
        assert_eq!(location(&with_code("https://app.example".parse().unwrap(), "c&d")), "https://app.example/?code=c%26d");
    }
}
