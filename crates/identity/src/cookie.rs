//! The session cookie. `__Host-` and `Secure` wherever browsers reach us by TLS.

use axum_extra::extract::cookie::CookieJar;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use http_kit::Config;
use sha2::{Digest, Sha256};

fn name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-leadline" } else { "leadline_session" }
}

/// A new token and what is stored of it.
pub(crate) fn new_token() -> (String, [u8; 32]) {
    let token = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let hash = hash(&token);
    (token, hash)
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The hash of the token that the request carries.
pub(crate) fn presented(headers: &HeaderMap, config: &Config) -> Option<[u8; 32]> {
    CookieJar::from_headers(headers).get(name(config)).map(|cookie| hash(cookie.value()))
}

/// `Set-Cookie` for a fresh session; it goes with the browser unless renewed for 30 days.
pub(crate) fn set(token: &str, config: &Config) -> HeaderValue {
    build(token, config, 30 * 24 * 3600)
}

/// `Set-Cookie` that ends it.
pub(crate) fn clear(config: &Config) -> HeaderValue {
    build("", config, 0)
}

fn build(value: &str, config: &Config, seconds: u32) -> HeaderValue {
    let secure = if config.is_https() { "; Secure" } else { "" };
    let text = format!("{}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", name(config));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
