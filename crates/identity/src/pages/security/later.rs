//! The quiet reminder for those who may do much and have no second factor.

use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;
use http::{HeaderMap, HeaderValue, header};
use http_kit::redirect;
use maud::{Markup, html};
use ui::{Button, Tone};

use crate::Person;

const COOKIE: &str = "leadline_mfa_later";
const WEEK: u32 = 7 * 24 * 3600;

/// Puts the reminder off for a week, in this browser.
pub(super) async fn later(_: Person) -> Response {
    let mut response = redirect("/", None);
    let cookie = format!("{COOKIE}=1; Path=/; Max-Age={WEEK}; HttpOnly; SameSite=Lax");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Whether this browser has put the reminder off.
pub(crate) fn is_put_off(headers: &HeaderMap) -> bool {
    CookieJar::from_headers(headers).get(COOKIE).is_some()
}

/// The reminder itself.
pub(crate) fn nudge() -> Markup {
    let actions = html! {
        (Button::secondary("Add a second factor").small().href("/account/security?next=%2F"))
        form method="post" action="/account/security/later" { (Button::ghost("Remind me next week").small()) }
    };
    ui::notice_with(
        Tone::Info,
        "Your role can change a lot here. A second factor protects your account even if somebody learns your password.",
        actions,
    )
}
