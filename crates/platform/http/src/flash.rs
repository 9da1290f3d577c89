use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use ui::Toast;

use crate::{App, Config};

/// `__Host-` where browsers reach us by TLS: a neighbouring host cannot put words into our mouth.
fn cookie_name(config: &Config) -> &'static str {
    if config.is_https() { "__Host-leadline_flash" } else { "leadline_flash" }
}

/// What the next page says in a toast: told by a redirect, shown once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flash {
    text: String,
    error: bool,
    link: Option<(String, String)>,
    /// Where its Undo button posts to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    undo: Option<String>,
}

impl Flash {
    /// It worked.
    pub fn success(text: impl Into<String>) -> Self {
        Self { text: text.into(), error: false, link: None, undo: None }
    }

    /// It did not.
    pub fn error(text: impl Into<String>) -> Self {
        Self { text: text.into(), error: true, link: None, undo: None }
    }

    /// With a link to follow.
    #[must_use]
    pub fn link(self, label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { link: Some((label.into(), href.into())), ..self }
    }

    /// With an Undo button that posts to `action`, a path of ours.
    #[must_use]
    pub fn undo(self, action: impl Into<String>) -> Self {
        Self { undo: Some(action.into()), ..self }
    }

    /// As the layout shows it.
    pub fn toast(&self) -> Toast {
        let toast = if self.error { Toast::error(self.text.clone()) } else { Toast::success(self.text.clone()) };
        // A cookie is written by whoever can write cookies: only paths of ours are followed.
        let is_ours = |path: &str| path.starts_with('/') && !path.starts_with("//") && !path.contains('\\');
        let toast = match &self.undo {
            Some(action) if is_ours(action) => toast.undo(action.clone()),
            Some(_) | None => toast,
        };
        match &self.link {
            Some((label, href)) if is_ours(href) => toast.link(label.clone(), href.clone()),
            Some(_) | None => toast,
        }
    }
}

/// 303 to a path of ours, with something to say there.
pub fn redirect(to: &str, flash: Option<Flash>) -> Response {
    let location = HeaderValue::from_str(to).unwrap_or(HeaderValue::from_static("/"));
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    let Some(flash) = flash else { return response };
    // The layer knows how we are reached, and makes a cookie of it.
    response.extensions_mut().insert(flash);
    response
}

/// Keeps the toast of a redirect in a cookie, hands it to the page that is rendered next, and forgets it once it was.
pub async fn flash_layer(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let jar = CookieJar::from_headers(request.headers());
    let waiting = jar
        .get(cookie_name(&app.config))
        .and_then(|cookie| BASE64_URL_SAFE_NO_PAD.decode(cookie.value()).ok())
        .and_then(|bytes| serde_json::from_slice::<Flash>(&bytes).ok());
    let had_one = waiting.is_some();
    if let Some(flash) = waiting {
        request.extensions_mut().insert(flash);
    }
    let mut response = next.run(request).await;
    if let Some(flash) = response.extensions_mut().remove::<Flash>() {
        let text = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&flash).unwrap_or_default());
        set_cookie(&app.config, Some(text), &mut response);
        return response;
    }
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if had_one && is_page {
        set_cookie(&app.config, None, &mut response);
    }
    response
}

/// Nothing makes the browser forget it.
fn set_cookie(config: &Config, value: Option<String>, response: &mut Response) {
    let is_gone = value.is_none();
    let cookie = Cookie::build((cookie_name(config), value.unwrap_or_default()))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.is_https());
    let cookie = if is_gone { cookie.removal() } else { cookie };
    if let Ok(value) = HeaderValue::from_str(&cookie.build().to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}
