use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use ui::Toast;

const COOKIE: &str = "leadline_flash";

/// What the next page says in a toast: told by a redirect, shown once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flash {
    text: String,
    error: bool,
    link: Option<(String, String)>,
}

impl Flash {
    /// It worked.
    pub fn success(text: impl Into<String>) -> Self {
        Self { text: text.into(), error: false, link: None }
    }

    /// It did not.
    pub fn error(text: impl Into<String>) -> Self {
        Self { text: text.into(), error: true, link: None }
    }

    /// With a link to follow.
    #[must_use]
    pub fn link(self, label: impl Into<String>, href: impl Into<String>) -> Self {
        Self { link: Some((label.into(), href.into())), ..self }
    }

    /// As the layout shows it.
    pub fn toast(&self) -> Toast {
        let toast = if self.error { Toast::error(self.text.clone()) } else { Toast::success(self.text.clone()) };
        match &self.link {
            // A cookie is written by whoever can write cookies: only paths of ours are followed.
            Some((label, href)) if href.starts_with('/') && !href.starts_with("//") => toast.link(label.clone(), href.clone()),
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
    let text = BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&flash).unwrap_or_default());
    let cookie = Cookie::build((COOKIE, text)).path("/").http_only(true).same_site(SameSite::Lax).build();
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

/// Hands a waiting toast to the page that is rendered, and forgets it once it was.
pub async fn flash_layer(mut request: Request, next: Next) -> Response {
    let jar = CookieJar::from_headers(request.headers());
    let waiting = jar
        .get(COOKIE)
        .and_then(|cookie| BASE64_URL_SAFE_NO_PAD.decode(cookie.value()).ok())
        .and_then(|bytes| serde_json::from_slice::<Flash>(&bytes).ok());
    let Some(flash) = waiting else { return next.run(request).await };
    request.extensions_mut().insert(flash);
    let mut response = next.run(request).await;
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_page {
        let gone = HeaderValue::from_static("leadline_flash=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        response.headers_mut().append(header::SET_COOKIE, gone);
    }
    response
}
