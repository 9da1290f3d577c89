use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_kit::{ApiQuery, App, Chrome, PageForm, Problem, redirect};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use super::alternatives::{alternatives, with_next};
pub(super) use crate::gate::own_path as inside;
use crate::{
    Client, LogInError, Viewer,
    actions::{
        log_in::{log_in, with_cookies},
        log_out,
    },
    cookie, gate,
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
    pub(super) next: String,
}

pub(super) async fn show(
    State(app): State<App>,
    chrome: Chrome,
    viewer: Result<Viewer, Problem>,
    ApiQuery(query): ApiQuery<Next>,
) -> Result<Response, Problem> {
    if viewer.is_ok() {
        return Ok(redirect(inside(&query.next), None));
    }
    Ok(chrome.bare("Sign in", form(&app, "", &query.next, html! {}).await?).into_response())
}

pub(super) async fn submit(
    State(app): State<App>,
    chrome: Chrome,
    client: Client,
    typed: PageForm<LogInForm>,
) -> Result<Response, Problem> {
    let LogInForm { email, password, next } = typed.value;
    let error = match log_in(&app, &email, password, &client).await {
        Ok((user, token)) => return Ok(with_cookies(redirect(inside(&next), None), &app, user, &token, &client)),
        Err(error) => error,
    };
    let unconfirmed = matches!(error, LogInError::Unconfirmed);
    let status = match error {
        LogInError::Credentials | LogInError::Unconfirmed => StatusCode::UNPROCESSABLE_ENTITY,
        LogInError::Banned => StatusCode::FORBIDDEN,
        LogInError::Throttled(_) => StatusCode::TOO_MANY_REQUESTS,
        LogInError::Db(_) => return Err(error.into()),
    };
    let problem = Problem::from(error);
    let told = html! {
        (ui::form_error(&problem.detail))
        @if unconfirmed {
            form.stack method="post" action="/confirm/again" {
                (ui::hidden("email", &email))
                (ui::hidden("next", &next))
                (Button::secondary("Send another confirmation"))
            }
        }
    };
    let mut response = (status, chrome.bare("Sign in", form(&app, &email, &next, told).await?)).into_response();
    if let Some(wait) = problem.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    Ok(response)
}

pub(super) async fn log_out(State(app): State<App>, client: Client, headers: HeaderMap) -> Result<Response, Problem> {
    log_out::log_out(&app, &headers, &client).await?;
    let mut response = redirect("/login", None);
    response.headers_mut().append(header::SET_COOKIE, cookie::clear(&app.config));
    // Pages that the browser kept would show on a press of "back".
    response.headers_mut().insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

async fn form(app: &App, email: &str, next: &str, told: Markup) -> Result<Markup, Problem> {
    let may_sign_up = gate::sign_up_is_open(app).await?;
    Ok(html! {
        h1 { "Sign in" }
        (told)
        form.stack method="post" action="/login" {
            (ui::hidden("next", next))
            (Field::email("email", "E-mail").value(email).autocomplete("username webauthn").required().autofocus())
            (Field::password("password", "Password").autocomplete("current-password").required()
                .hint(html! { a href=(with_next("/recover", next)) { "Forgot your password?" } }))
            (Button::primary("Sign in"))
        }
        (alternatives(app, next))
        @if may_sign_up { p.muted { "New here? " a href="/signup" { "Create an organisation" } } }
    })
}
