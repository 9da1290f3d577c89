//! The mark by which a browser is recognised when it comes back from a provider.

use axum_extra::extract::cookie::CookieJar;
use http::{HeaderMap, HeaderValue};
use http_kit::Config;

use crate::pkce;

fn name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-leadline_visit" } else { "leadline_visit" }
}

/// The browser's mark, if it has one.
pub(crate) fn presented(headers: &HeaderMap, config: &Config) -> Option<String> {
    CookieJar::from_headers(headers).get(name(config)).map(|cookie| cookie.value().to_owned()).filter(|mark| mark.len() == 43)
}

/// The mark it has, so that two tabs can visit at once, or a new one.
pub(crate) fn mark(headers: &HeaderMap, config: &Config) -> String {
    presented(headers, config).unwrap_or_else(pkce::random)
}

/// `Set-Cookie`: for as long as a visit may take. `Lax`, because the way back begins on the provider's site.
pub(crate) fn set(mark: &str, config: &Config) -> HeaderValue {
    let secure = if config.is_https() { "; Secure" } else { "" };
    let text = format!("{}={mark}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax{secure}", name(config));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
