use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use cache::Rate;
use http::{StatusCode, header};
use http_kit::{App, Chrome, Flash, PageForm, Problem, redirect};
use maud::{Markup, html};
use ui::{Button, Field};

use crate::{
    Client, NewOrganisation, SignUpError, Viewer,
    actions::{log_in::open_session, sign_up},
    cookie, password,
    session::{Method, NewSession},
};

/// Sign-ups from one address: a company's people share one, and each costs us a hashing and tells whether an address is known.
const PER_ADDRESS: Rate = Rate { uses: 60, per: Duration::from_secs(600) };

pub(super) async fn show(State(app): State<App>, chrome: Chrome, viewer: Result<Viewer, Problem>) -> Result<Response, Problem> {
    if viewer.is_ok() {
        return Ok(redirect("/", None));
    }
    sign_up::allowed(&app).await?;
    Ok(chrome.bare("Sign up", form(&NewOrganisation::default(), None)).into_response())
}

pub(super) async fn submit(
    State(app): State<App>,
    chrome: Chrome,
    client: Client,
    form_: PageForm<NewOrganisation>,
) -> Result<Response, Problem> {
    let key = format!("signup:{}", client.neighbourhood());
    app.cache.throttle(&key, PER_ADDRESS).await.map_err(|throttled| Problem::too_many(throttled.retry_after))?;
    sign_up::allowed(&app).await?;
    let typed = form_.value;
    let keep = NewOrganisation {
        organisation: typed.organisation.clone(),
        name: typed.name.clone(),
        email: typed.email.clone(),
        password: String::new(),
    };
    match sign_up::sign_up(&app, typed).await {
        Ok((user, org)) => {
            let token = open_session(&app, NewSession { org: Some(org), ..NewSession::by(user, Method::EmailSignup) }, &client).await?;
            let mut response = redirect("/", Some(Flash::success(format!("Welcome to Leadline, {}.", keep.name.trim()))));
            response.headers_mut().append(header::SET_COOKIE, cookie::set(&token, &app.config));
            Ok(response)
        }
        Err(error @ SignUpError::Invalid(_)) => {
            let problem = Problem::from(error);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, chrome.bare("Sign up", form(&keep, Some(&problem)))).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn form(typed: &NewOrganisation, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    html! {
        h1 { "Start with your organisation" }
        p.muted { "You become its owner. Leads, campaigns and colleagues belong to it." }
        form.stack method="post" action="/signup" {
            (Field::text("organisation", "Organisation").value(&typed.organisation).error(error("organisation")).autocomplete("organization").required().autofocus())
            (Field::text("name", "Your name").value(&typed.name).error(error("name")).autocomplete("name").required())
            (Field::email("email", "E-mail").value(&typed.email).error(error("email")).autocomplete("username").required())
            (Field::password("password", "Password").hint(format!("At least {} characters; a few unrelated words work well.", password::MIN_LENGTH))
                .error(error("password")).autocomplete("new-password").required())
            (Button::primary("Create organisation"))
        }
        p.muted { "Already signed up? " a href="/login" { "Sign in" } }
    }
}
