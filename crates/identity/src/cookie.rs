//! The cookies of a session and of a known device. `__Host-` and `Secure` wherever browsers reach us by TLS.

use axum_extra::extract::cookie::CookieJar;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderValue};
use http_kit::Config;
use sha2::{Digest, Sha256};

fn name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-leadline" } else { "leadline_session" }
}

fn device_name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-leadline-device" } else { "leadline_device" }
}

/// A new token and what is stored of it.
pub(crate) fn new_token() -> (String, [u8; 32]) {
    let token = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let hash = hash(&token);
    (token, hash)
}

pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The hash of the token that the request carries.
pub(crate) fn presented(headers: &HeaderMap, config: &Config) -> Option<[u8; 32]> {
    CookieJar::from_headers(headers).get(name(config)).map(|cookie| hash(cookie.value()))
}

/// `Set-Cookie` for a fresh session; it goes with the browser unless renewed for 30 days.
pub(crate) fn set(token: &str, config: &Config) -> HeaderValue {
    build(name(config), token, config, 30 * 24 * 3600)
}

/// `Set-Cookie` that ends it.
pub(crate) fn clear(config: &Config) -> HeaderValue {
    build(name(config), "", config, 0)
}

/// What the browser remembers of who has signed in on it ([`crate::known_device`]).
pub(crate) fn presented_device(headers: &HeaderMap, config: &Config) -> Option<String> {
    CookieJar::from_headers(headers).get(device_name(config)).map(|cookie| cookie.value().chars().take(1000).collect())
}

/// `Set-Cookie` for it; longer than a session, because it opens nothing.
pub(crate) fn set_device(value: &str, config: &Config) -> HeaderValue {
    build(device_name(config), value, config, 365 * 24 * 3600)
}

fn build(name: &str, value: &str, config: &Config, seconds: u32) -> HeaderValue {
    let secure = if config.is_https() { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
