//! `/recover`: a way back in for somebody who has lost their password.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use cache::Rate;
use http_kit::{ApiQuery, App, Chrome, Flash, PageForm, Problem, Routes, redirect, throttle};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use super::{
    alternatives::with_next,
    check_mail::{self, code_field},
    confirm::dead_link,
    login::{Next, inside},
    login_link::{AddressForm, ask, refuse},
    strength,
};
use crate::{
    Client,
    actions::{
        change_password,
        confirm::{ConfirmError, confirm},
        log_in::{open_session, with_cookies},
    },
    one_time::{self, Purpose, Redeemed},
    password,
    session::NewSession,
};

/// Passwords that one network may try to set: judging one costs, also where the link is wrong.
const TRIES: Rate = Rate { uses: 30, per: Duration::from_secs(300) };

pub(super) fn pages() -> Routes {
    Routes::new().get("/recover", show).post("/recover", submit).get("/recover/reset", show_reset).post("/recover/reset", reset)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ResetForm {
    /// Of the link; or else the address and the code.
    token: String,
    email: String,
    code: String,
    password: String,
    next: String,
}

async fn show(chrome: Chrome, ApiQuery(query): ApiQuery<Next>) -> Markup {
    chrome.bare(TITLE, request_form("", &query.next, None))
}

async fn submit(State(app): State<App>, chrome: Chrome, client: Client, typed: PageForm<AddressForm>) -> Result<Response, Problem> {
    let AddressForm { email, next } = typed.value;
    match ask(&app, Purpose::Recovery, &email, &next, &client).await {
        Ok(email) => {
            let form = ResetForm { email, next, ..ResetForm::default() };
            Ok(chrome.bare(check_mail::TITLE, code_form(&form, None)).into_response())
        }
        Err(problem) => refuse(&chrome, TITLE, problem, |problem| request_form(&email, &next, Some(problem))),
    }
}

async fn show_reset(State(app): State<App>, chrome: Chrome, ApiQuery(link): ApiQuery<ResetForm>) -> Result<Response, Problem> {
    Ok(match one_time::peek_link(&app.db, &link.token, app.clock.now()).await? {
        Some((Purpose::Recovery, email)) if !link.token.starts_with("pkce_") => {
            let form = ResetForm { email, ..link };
            chrome.bare(RESET, link_form(&form, None)).into_response()
        }
        _ => dead_link(&chrome, "/recover"),
    })
}

/// Sets the new password and signs in. A password that is refused uses nothing up.
async fn reset(State(app): State<App>, chrome: Chrome, client: Client, typed: PageForm<ResetForm>) -> Result<Response, Problem> {
    let form = typed.value;
    match set_password(&app, &form, &client).await {
        Ok(Some(response)) => Ok(response),
        Ok(None) => Ok(dead_link(&chrome, "/recover")),
        Err(problem) if form.token.is_empty() => refuse(&chrome, check_mail::TITLE, problem, |problem| code_form(&form, Some(problem))),
        Err(problem) => refuse(&chrome, RESET, problem, |problem| link_form(&form, Some(problem))),
    }
}

async fn set_password(app: &App, form: &ResetForm, client: &Client) -> Result<Option<Response>, Problem> {
    let key = format!("reset:{}", client.neighbourhood());
    throttle(app, &[(&key, TRIES)]).await?;
    if let Some(weakness) = password::weakness(&form.password, &[&form.email]) {
        return Err(Problem::field("/password", "password.weak", format!("The password {}", weakness.text)));
    }
    let redeemed = if form.token.is_empty() {
        check_mail::redeem(app, &[Purpose::Recovery], &form.email, &form.code, client).await?
    } else {
        match redeem_link(app, &form.token).await? {
            Some(redeemed) => redeemed,
            None => return Ok(None),
        }
    };
    let hash = password::hash(form.password.clone()).await.map_err(|error| Problem::internal(&error))?;
    let (user, now) = (redeemed.user, app.clock.now());
    let tx = app.db.system().await?;
    let method = match confirm(&tx, &redeemed, client, now).await {
        Ok(method) => method,
        Err(error @ ConfirmError::Db(_)) => return Err(error.into()),
        Err(error) => return Ok(Some(redirect("/login", Some(Flash::error(error.to_string()))))),
    };
    change_password::apply(&tx, user, &hash, None, client, now).await?;
    tx.commit().await?;
    let token = open_session(app, NewSession::by(user, method), client).await?;
    let flash = Flash::success("Your password is changed. Every other device was signed out.");
    Ok(Some(with_cookies(redirect(inside(&form.next), Some(flash)), app, user, &token, client)))
}

async fn redeem_link(app: &App, token: &str) -> Result<Option<Redeemed>, Problem> {
    let tx = app.db.system().await?;
    let redeemed = one_time::redeem_link(&tx, token, app.clock.now()).await?;
    // Dropped without a commit, a link for something else stays good for that.
    let Some(redeemed) = redeemed.filter(|redeemed| redeemed.purpose == Purpose::Recovery && redeemed.challenge.is_none()) else {
        return Ok(None);
    };
    tx.commit().await?;
    Ok(Some(redeemed))
}

const TITLE: &str = "Forgot your password?";
const RESET: &str = "Choose a new password";

fn request_form(email: &str, next: &str, problem: Option<&Problem>) -> Markup {
    html! {
        h1 { (TITLE) }
        p { "We send a link to your address, with which you choose a new one." }
        form.stack method="post" action="/recover" {
            (ui::hidden("next", next))
            (Field::email("email", "E-mail").value(email).error(problem.map(|problem| problem.detail.clone()))
                .autocomplete("username").required().autofocus())
            (Button::primary("Send link"))
        }
        p.muted { a href=(with_next("/login", next)) { "Back to sign-in" } }
    }
}

fn link_form(form: &ResetForm, problem: Option<&Problem>) -> Markup {
    html! {
        h1 { (RESET) }
        p { "For " strong { (form.email) } ". Every other device is signed out." }
        form.stack method="post" action="/recover/reset" {
            (ui::hidden("token", &form.token))
            (ui::hidden("next", &form.next))
            // For password managers: whose password it is.
            input type="email" name="email" value=(form.email) autocomplete="username" hidden;
            (strength::field("New password", error(problem, "password")))
            (Button::primary("Set password"))
        }
    }
}

fn code_form(form: &ResetForm, problem: Option<&Problem>) -> Markup {
    html! {
        h1 { (check_mail::TITLE) }
        p { "If " strong { (form.email) } " has an account, a mail is on its way. Follow its link, or type its code here." }
        @if let Some(problem) = problem.filter(|problem| problem.errors.is_empty()) { (ui::form_error(&problem.detail)) }
        form.stack method="post" action="/recover/reset" {
            (ui::hidden("next", &form.next))
            input type="email" name="email" value=(form.email) autocomplete="username" hidden;
            (code_field(error(problem, "code")))
            (strength::field("New password", error(problem, "password")))
            (Button::primary("Set password"))
        }
        (check_mail::another("/recover", &form.email, &form.next))
    }
}

fn error(problem: Option<&Problem>, field: &str) -> Option<String> {
    problem.and_then(|problem| problem.of_field(field))
}
