use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use http_kit::{ApiQuery, App, Chrome, PageForm, Problem, redirect};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use crate::{
    Client, LogInError, Viewer,
    actions::{log_in::log_in, log_out},
    cookie,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LogInForm {
    email: String,
    password: String,
    next: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Next {
    next: String,
}

pub(super) async fn show(chrome: Chrome, viewer: Result<Viewer, Problem>, ApiQuery(query): ApiQuery<Next>) -> Response {
    if viewer.is_ok() {
        return redirect(inside(&query.next), None);
    }
    chrome.bare("Sign in", form("", &query.next, None)).into_response()
}

pub(super) async fn submit(
    State(app): State<App>,
    chrome: Chrome,
    client: Client,
    typed: PageForm<LogInForm>,
) -> Result<Response, Problem> {
    let LogInForm { email, password, next } = typed.value;
    match log_in(&app, &email, password, &client).await {
        Ok(token) => {
            let mut response = redirect(inside(&next), None);
            response.headers_mut().append(header::SET_COOKIE, cookie::set(&token, &app.config));
            Ok(response)
        }
        Err(error @ (LogInError::Credentials | LogInError::Throttled(_))) => {
            let status =
                if matches!(error, LogInError::Credentials) { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::TOO_MANY_REQUESTS };
            let problem = Problem::from(error);
            Ok((status, chrome.bare("Sign in", form(&email, &next, Some(&problem.detail)))).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn log_out(State(app): State<App>, client: Client, headers: HeaderMap) -> Result<Response, Problem> {
    log_out::log_out(&app, &headers, &client).await?;
    let mut response = redirect("/login", None);
    response.headers_mut().append(header::SET_COOKIE, cookie::clear(&app.config));
    Ok(response)
}

/// Only paths of ours: an absolute or scheme-relative address would hand the visitor to a stranger.
fn inside(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if ours { next } else { "/" }
}

fn form(email: &str, next: &str, problem: Option<&str>) -> Markup {
    html! {
        h1 { "Sign in" }
        @if let Some(problem) = problem { (ui::form_error(problem)) }
        form.stack method="post" action="/login" {
            (ui::hidden("next", next))
            (Field::email("email", "E-mail").value(email).autocomplete("username").required().autofocus())
            (Field::password("password", "Password").autocomplete("current-password").required())
            (Button::primary("Sign in"))
        }
        p.muted { "New here? " a href="/signup" { "Create an organisation" } }
    }
}

#[cfg(test)]
mod tests {
    use super::inside;

    #[test]
    fn the_next_page_is_always_one_of_ours() {
        assert_eq!(inside("/leads?q=x"), "/leads?q=x");
        for foreign in ["", "https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil", "javascript:alert(1)", "/a\r\nx: y"] {
            assert_eq!(inside(foreign), "/", "{foreign:?}");
        }
    }
}
