//! `/login/confirm` (step-up): a fresh proof of who somebody is, with the strongest means they have.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiQuery, App, PageForm, Problem, ProblemKind, Routes, redirect};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use super::{factor, login::inside};
use crate::{Person, actions::reauthenticate, mfa};

pub(super) fn pages() -> Routes {
    Routes::new()
        .get("/login/confirm", show)
        .post("/login/confirm/password", password)
        .post("/login/confirm/mail", mail)
        .post("/login/confirm/code", code)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Query {
    next: String,
    /// A code was mailed.
    sent: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ProofForm {
    password: String,
    code: String,
    next: String,
}

async fn show(State(app): State<App>, person: Person, ApiQuery(query): ApiQuery<Query>) -> Result<Response, Problem> {
    let next = inside(&query.next);
    if person.principal.has_mfa {
        return factor::confirm_page(&app, &person, next).await;
    }
    Ok(if mfa::has_password(&app, person.principal.user).await? {
        person.bare(TITLE, by_password(next, None)).into_response()
    } else {
        person.bare(TITLE, by_mail(&person.principal.email, next, query.sent, None)).into_response()
    })
}

async fn password(State(app): State<App>, person: Person, form: PageForm<ProofForm>) -> Result<Response, Problem> {
    let ProofForm { password, next, .. } = form.value;
    match reauthenticate::by_password(&app, &person, password).await {
        Ok(()) => Ok(redirect(inside(&next), None)),
        Err(problem) => again(&person, problem, |problem| by_password(inside(&next), Some(problem))),
    }
}

async fn mail(State(app): State<App>, person: Person, form: PageForm<ProofForm>) -> Result<Response, Problem> {
    reauthenticate::mail_code(&app, &person).await?;
    let next = form_encode(inside(&form.value.next));
    Ok(redirect(&format!("/login/confirm?sent=true&next={next}"), None))
}

async fn code(State(app): State<App>, person: Person, form: PageForm<ProofForm>) -> Result<Response, Problem> {
    let ProofForm { code, next, .. } = form.value;
    match reauthenticate::by_code(&app, &person, &code).await {
        Ok(()) => Ok(redirect(inside(&next), None)),
        Err(problem) => again(&person, problem, |problem| by_mail(&person.principal.email, inside(&next), true, Some(problem))),
    }
}

const TITLE: &str = "Confirm that it is you";

fn again(person: &Person, problem: Problem, form: impl FnOnce(&Problem) -> Markup) -> Result<Response, Problem> {
    let status = match problem.kind {
        ProblemKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        _ => return Err(problem),
    };
    Ok((status, person.bare(TITLE, form(&problem))).into_response())
}

fn by_password(next: &str, problem: Option<&Problem>) -> Markup {
    html! {
        h1 { (TITLE) }
        p { "What you are about to do is sensitive. Type your password once more; that counts for ten minutes." }
        (unsent())
        form.stack method="post" action="/login/confirm/password" {
            (ui::hidden("next", next))
            (Field::password("password", "Password").error(problem.map(|problem| problem.detail.clone())).autocomplete("current-password").required().autofocus())
            (Button::primary("Continue"))
        }
        (not_now())
    }
}

/// A form that led here was not carried out and cannot be sent again for its person.
pub(super) fn unsent() -> Markup {
    html! { p.muted { "If you were sending a form, nothing has changed yet: send it once more when you are back on its page." } }
}

/// Whoever does not want to after all goes to the start page: the page they came from would ask again.
pub(super) fn not_now() -> Markup {
    html! { p.muted { a href="/" { "Not now" } } }
}

fn by_mail(email: &str, next: &str, sent: bool, problem: Option<&Problem>) -> Markup {
    html! {
        h1 { (TITLE) }
        @if sent {
            p { "We sent a code to " strong { (email) } ". It works once, for an hour." }
            form.stack method="post" action="/login/confirm/code" {
                (ui::hidden("next", next))
                (Field::text("code", "Code").error(problem.map(|problem| problem.detail.clone())).required().autocomplete("one-time-code")
                    .attr("inputmode", "numeric").attr("maxlength", "9").autofocus())
                (Button::primary("Continue"))
            }
        } @else {
            p { "What you are about to do is sensitive. Your account has no password, so we send a code to " strong { (email) } "." }
        }
        form.stack method="post" action="/login/confirm/mail" {
            (ui::hidden("next", next))
            @if sent { (Button::ghost("Send another code")) } @else { (Button::primary("Send code")) }
        }
        (not_now())
    }
}

fn form_encode(path: &str) -> String {
    url::form_urlencoded::byte_serialize(path.as_bytes()).collect()
}
