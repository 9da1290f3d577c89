use axum::{
    extract::{FromRequestParts, Request},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header, request::Parts};
use maud::{Markup, html};
use ui::{Button, Toast};
use url::{Position, Url};

use crate::{Flash, Hx, Nonce, Problem, ProblemKind};

/// What every document needs besides its content: the nonce, and what there is to say.
#[derive(Debug, Clone)]
pub struct Chrome {
    pub nonce: String,
    pub flash: Option<Flash>,
    pub is_htmx: bool,
}

impl Chrome {
    /// The toasts to show.
    pub fn toasts(&self) -> Vec<Toast> {
        self.flash.iter().map(Flash::toast).collect()
    }

    /// A page without the sidebar.
    pub fn bare(&self, title: &str, content: Markup) -> Markup {
        ui::bare(title, &self.nonce, &self.toasts(), content)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Chrome {
    type Rejection = std::convert::Infallible;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let Nonce(nonce) = Nonce::from_request_parts(parts, state).await?;
        let hx = Hx::from_request_parts(parts, state).await?;
        Ok(Self { nonce, flash: parts.extensions.get::<Flash>().cloned(), is_htmx: hx.request })
    }
}

/// Shows a handler's [`Problem`] as people read it: a toast where htmx asked, an error page else.
/// The API and programs that accept no HTML keep the JSON form.
pub async fn problems_as_pages(request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path().to_owned();
    let for_people = !path.starts_with("/api/")
        && !path.starts_with("/auth/v1/")
        && !path.starts_with("/webhooks/")
        && parts
            .headers
            .get(header::ACCEPT)
            .is_none_or(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html") || accept.contains("*/*")));
    // Where to go after the remedy: a page with its filters. A form cannot be sent again, so back to where it stood.
    let here = if parts.method == http::Method::GET {
        parts.uri.path_and_query().map_or(path, ToString::to_string)
    } else {
        page_of_form(&parts.headers).unwrap_or(path)
    };
    let Ok(chrome) = Chrome::from_request_parts(&mut parts, &()).await;
    let response = next.run(Request::from_parts(parts, body)).await;
    let Some(problem) = response.extensions().get::<Problem>().cloned().filter(|_| for_people) else { return response };
    let status = problem.kind.status();
    let mut page = if let Some(remedy) = problem.remedy {
        return remedy_redirect(remedy, &form_encode(&here), chrome.is_htmx);
    } else if chrome.is_htmx {
        (status, Toast::error(problem.detail.clone()).partial()).into_response()
    } else {
        (status, chrome.bare(&problem.body().title, error_page(&problem))).into_response()
    };
    if let Some(wait) = response.headers().get(header::RETRY_AFTER) {
        page.headers_mut().insert(header::RETRY_AFTER, wait.clone());
    }
    page
}

/// The page of ours that a form was sent from, with its query.
fn page_of_form(headers: &HeaderMap) -> Option<String> {
    let referer = Url::parse(headers.get(header::REFERER)?.to_str().ok()?).ok()?;
    let host = headers.get(header::HOST)?.to_str().ok()?;
    (&referer[Position::BeforeHost..Position::AfterPort] == host).then(|| referer[Position::BeforePath..Position::AfterQuery].to_owned())
}

fn remedy_redirect(remedy: &str, here: &str, is_htmx: bool) -> Response {
    let to = format!("{remedy}?next={here}");
    let mut response = crate::redirect(&to, None);
    if is_htmx {
        // A fragment request must move the whole page, not swap the login form into a table.
        *response.status_mut() = http::StatusCode::NO_CONTENT;
        if let Some(location) = response.headers_mut().remove(header::LOCATION) {
            response.headers_mut().insert("hx-redirect", location);
        }
    }
    response
}

fn form_encode(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}

fn error_page(problem: &Problem) -> Markup {
    html! {
        (ui::error_state(&problem.body().title, &problem.detail, html! { (Button::primary("Go to the start page").href("/")) }))
        @if let Some(instance) = problem.body().instance.filter(|_| problem.kind == ProblemKind::Internal) {
            p.muted { "Reference: " code { (instance) } }
        }
        @if problem.errors.len() > 1 {
            ul { @for error in &problem.errors { li { (error.detail) } } }
        }
    }
}
