use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use cache::Rate;
use http_kit::{App, Chrome, Flash, PageForm, Problem, redirect, throttle};
use maud::{Markup, html};
use ui::{Button, Field};

use super::{
    alternatives::to_sign_up,
    check_mail::{self, CheckMail},
    login_link::refuse,
    strength,
};
use crate::{
    Client, NewOrganisation, SignUpError, Viewer,
    actions::{
        log_in::{open_session, with_cookies},
        sign_up,
    },
    session::{Method, NewSession},
};

/// Sign-ups from one address: a company's people share one, and each costs us a hashing and tells whether an address is known.
const PER_ADDRESS: Rate = Rate { uses: 60, per: Duration::from_secs(600) };

pub(super) async fn show(State(app): State<App>, chrome: Chrome, viewer: Result<Viewer, Problem>) -> Result<Response, Problem> {
    if viewer.is_ok() {
        return Ok(redirect("/", None));
    }
    sign_up::allowed(&app).await?;
    Ok(chrome.bare("Sign up", form(&app, &NewOrganisation::default(), None)).into_response())
}

pub(super) async fn submit(
    State(app): State<App>,
    chrome: Chrome,
    client: Client,
    form_: PageForm<NewOrganisation>,
) -> Result<Response, Problem> {
    let key = format!("signup:{}", client.neighbourhood());
    throttle(&app, &[(&key, PER_ADDRESS)]).await?;
    sign_up::allowed(&app).await?;
    let typed = form_.value;
    let keep = NewOrganisation {
        organisation: typed.organisation.clone(),
        name: typed.name.clone(),
        email: typed.email.clone(),
        password: String::new(),
    };
    let signed_up = if app.config.auth.confirm_email {
        confirm_first(&app, &chrome, typed, &client).await
    } else {
        at_once(&app, typed, &client).await
    };
    signed_up.or_else(|error| match error {
        SignUpError::Invalid(_) | SignUpError::Throttled(_) => {
            refuse(&chrome, "Sign up", error.into(), |problem| form(&app, &keep, Some(problem)))
        }
        SignUpError::Db(_) | SignUpError::Hash(_) => Err(error.into()),
    })
}

/// The same page whether the address is new or known: what differs is in the mail.
async fn confirm_first(app: &App, chrome: &Chrome, typed: NewOrganisation, client: &Client) -> Result<Response, SignUpError> {
    let organisation = typed.organisation.clone();
    let email = sign_up::request_sign_up(app, typed, client).await?;
    Ok(chrome.bare(check_mail::TITLE, check_mail::page(&CheckMail::to_confirm(&email, "/", &organisation), None)).into_response())
}

async fn at_once(app: &App, typed: NewOrganisation, client: &Client) -> Result<Response, SignUpError> {
    let welcome = Flash::success(format!("Welcome to Leadline, {}.", typed.name.trim()));
    let (user, org) = sign_up::sign_up(app, typed).await?;
    let token = open_session(app, NewSession { org: Some(org), ..NewSession::by(user, Method::EmailSignup) }, client).await?;
    Ok(with_cookies(redirect("/", Some(welcome)), app, user, &token, client))
}

fn form(app: &App, typed: &NewOrganisation, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    html! {
        h1 { "Start with your organisation" }
        p.muted { "You become its owner. Leads, campaigns and colleagues belong to it." }
        @if let Some(problem) = problem.filter(|problem| problem.errors.is_empty()) { (ui::form_error(&problem.detail)) }
        form.stack method="post" action="/signup" {
            (Field::text("organisation", "Organisation").value(&typed.organisation).error(error("organisation")).autocomplete("organization").required().autofocus())
            (Field::text("name", "Your name").value(&typed.name).error(error("name")).autocomplete("name").required())
            (Field::email("email", "E-mail").value(&typed.email).error(error("email")).autocomplete("username").required())
            (strength::field("Password", error("password")))
            (Button::primary("Create organisation"))
        }
        (to_sign_up(app))
        p.muted { "Already signed up? " a href="/login" { "Sign in" } }
    }
}
