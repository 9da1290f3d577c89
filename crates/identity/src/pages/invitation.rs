//! The page behind the link of an invitation: sign in or sign up, then join.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use http_kit::{ApiPath, App, Chrome, Flash, PageForm, Problem, ProblemKind, Routes, redirect};
use maud::{Markup, html};
use ui::{Button, Field};

use crate::{
    Client, Person,
    actions::accept_invitation::{self, NewAccount},
    cookie, password,
    store::invitations::Opened,
};

pub(super) fn pages() -> Routes {
    Routes::new().get("/invitations/{token}", show).post("/invitations/{token}", submit)
}

async fn show(
    State(app): State<App>,
    chrome: Chrome,
    person: Result<Person, Problem>,
    ApiPath(token): ApiPath<String>,
) -> Result<Response, Problem> {
    let invitation = accept_invitation::open(&app, &token).await?;
    Ok(page(&chrome, person.ok().as_ref(), &invitation, &token, &NewAccount::default(), None).into_response())
}

async fn submit(
    State(app): State<App>,
    chrome: Chrome,
    person: Result<Person, Problem>,
    client: Client,
    ApiPath(token): ApiPath<String>,
    form: PageForm<NewAccount>,
) -> Result<Response, Problem> {
    if let Ok(person) = person {
        let joined = accept_invitation::accept(&app, &person, &token).await?;
        return Ok(redirect("/", Some(Flash::success(format!("Welcome to {}.", joined.organisation)))));
    }
    let typed = NewAccount { password: String::new(), ..form.value.clone() };
    match accept_invitation::accept_as_new(&app, &token, form.value, &client).await {
        Ok(session) => {
            let mut response = redirect("/", Some(Flash::success(format!("Welcome to Leadline, {}.", typed.name.trim()))));
            response.headers_mut().append(header::SET_COOKIE, cookie::set(&session, &app.config));
            Ok(response)
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let invitation = accept_invitation::open(&app, &token).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&chrome, None, &invitation, &token, &typed, Some(&problem))).into_response())
        }
        Err(problem) => Err(problem),
    }
}

fn page(
    chrome: &Chrome,
    person: Option<&Person>,
    invitation: &Opened,
    token: &str,
    typed: &NewAccount,
    problem: Option<&Problem>,
) -> Response {
    let Opened { organisation, inviter, role_name, .. } = invitation;
    let path = format!("/invitations/{token}");
    let content = html! {
        h1 { "Join " (organisation) }
        p.muted {
            (inviter) " invites you to work with " (organisation) " in Leadline"
            @if !role_name.is_empty() { " as " strong { (role_name) } } "."
        }
        @match person {
            Some(person) if person.principal.email == invitation.email => {
                form.stack method="post" action=(path) { (Button::primary(format!("Join {organisation}"))) }
                p.muted { "You are signed in as " (person.principal.email) "." }
            }
            Some(person) => {
                (ui::notice(ui::Tone::Warning, html! { p {
                    "The invitation is for " strong { (invitation.email) } ", and you are signed in as " strong { (person.principal.email) } ". Sign out, then open the link again."
                } }))
                form.stack method="post" action="/logout" { (Button::primary("Sign out")) }
            }
            None if invitation.known => {
                p { "Sign in as " strong { (invitation.email) } " to accept." }
                (Button::primary("Sign in").href(sign_in(&path)))
            }
            None => (new_account(&path, invitation, typed, problem)),
        }
    };
    let mut response = chrome.bare(&format!("Join {organisation}"), content).into_response();
    // The address holds the secret: no other page, not even ours, is told it. Not `no-referrer`, under which browsers
    // send `Origin: null` with the form: without TLS that looks like another website.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    response
}

fn new_account(path: &str, invitation: &Opened, typed: &NewAccount, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    html! {
        form.stack method="post" action=(path) {
            (Field::email("email", "E-mail").value(&invitation.email).autocomplete("username").attr("readonly", "readonly")
                .hint("The link has shown that this address is yours."))
            (Field::text("name", "Your name").value(&typed.name).error(error("name")).autocomplete("name").required().autofocus())
            (Field::password("password", "Password").error(error("password")).autocomplete("new-password").required()
                .hint(format!("At least {} characters; a few unrelated words work well.", password::MIN_LENGTH)))
            (Button::primary(format!("Join {}", invitation.organisation)))
        }
        p.muted { "Do you sign in with another provider? " a href=(sign_in(path)) { "Sign in first" } ", with this address." }
    }
}

fn sign_in(path: &str) -> String {
    let next: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    format!("/login?next={next}")
}
