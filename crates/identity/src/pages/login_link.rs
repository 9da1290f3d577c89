//! `/login/link`: a link and a code by mail instead of a password.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiQuery, App, Chrome, PageForm, Problem, ProblemKind, Routes};
use kernel::EmailAddress;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use super::{
    alternatives::with_next,
    check_mail::{self, CheckMail},
    login::{Next, inside},
};
use crate::{
    Client,
    mailing::{MailRequest, Via, request_mail},
    one_time::Purpose,
};

pub(super) fn pages() -> Routes {
    Routes::new().get("/login/link", show).post("/login/link", submit)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AddressForm {
    pub(super) email: String,
    pub(super) next: String,
}

async fn show(chrome: Chrome, ApiQuery(query): ApiQuery<Next>) -> Markup {
    chrome.bare(TITLE, form("", &query.next, None))
}

async fn submit(State(app): State<App>, chrome: Chrome, client: Client, typed: PageForm<AddressForm>) -> Result<Response, Problem> {
    let AddressForm { email, next } = typed.value;
    match ask(&app, Purpose::MagicLink, &email, &next, &client).await {
        Ok(email) => Ok(chrome.bare(check_mail::TITLE, check_mail::page(&CheckMail::to_sign_in(&email, &next), None)).into_response()),
        Err(problem) => refuse(&chrome, TITLE, problem, |problem| form(&email, &next, Some(problem))),
    }
}

/// Asks for a mail to whatever was typed; returns the address in its plain form. Nothing here depends on who has it.
pub(super) async fn ask(app: &App, purpose: Purpose, typed: &str, next: &str, client: &Client) -> Result<String, Problem> {
    let email = EmailAddress::parse(typed)
        .map_err(|why| Problem::field("/email", "email.invalid", format!("The address {why}")))?
        .as_str()
        .to_owned();
    let via = Via::Page { next: inside(next).to_owned(), organisation: None };
    let request = MailRequest { purpose, email: email.clone(), via, challenge: None, create: None, from: Some(client.neighbourhood()) };
    request_mail(app, request).await?;
    Ok(email)
}

/// Shows a form again with what is wrong, where the person can mend it or wait.
pub(super) fn refuse(chrome: &Chrome, title: &str, problem: Problem, form: impl FnOnce(&Problem) -> Markup) -> Result<Response, Problem> {
    let status = match problem.kind {
        ProblemKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        _ => return Err(problem),
    };
    Ok((status, chrome.bare(title, form(&problem))).into_response())
}

const TITLE: &str = "Sign in by mail";

fn form(email: &str, next: &str, problem: Option<&Problem>) -> Markup {
    html! {
        h1 { (TITLE) }
        p { "We send a link and a code to your address. Either signs you in." }
        form.stack method="post" action="/login/link" {
            (ui::hidden("next", next))
            (Field::email("email", "E-mail").value(email).error(problem.map(|problem| problem.detail.clone()))
                .autocomplete("username").required().autofocus())
            (Button::primary("Send link"))
        }
        p.muted { a href=(with_next("/login", next)) { "Sign in with your password" } }
    }
}
