//! `/confirm`: where the links in mails lead. Looking changes nothing, because programs that check mail for
//! danger follow every link; the button on the page uses the link up.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiQuery, App, Chrome, Flash, PageForm, Problem, Routes, redirect};
use maud::{Markup, html};
use serde::Deserialize;
use ui::Button;

use super::login::inside;
use crate::{
    Client, Engine,
    actions::{
        confirm::{ConfirmError, confirm},
        log_in::{open_session, with_cookies},
        sign_up,
    },
    one_time::{self, Purpose, Redeemed},
    session::{Method, NewSession},
    store,
};

pub(super) fn pages() -> Routes {
    Routes::new().get("/confirm", show).post("/confirm", submit)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct LinkForm {
    token: String,
    next: String,
    organisation: String,
}

/// Where somebody goes whose link or code was good.
pub(super) struct Arrival<'a> {
    pub(super) next: &'a str,
    /// What they wanted to found when they signed up.
    pub(super) organisation: &'a str,
}

async fn show(State(app): State<App>, chrome: Chrome, ApiQuery(link): ApiQuery<LinkForm>) -> Result<Response, Problem> {
    let found = one_time::peek_link(&app.db, &link.token, app.clock.now()).await?;
    Ok(match found.filter(|(purpose, _)| is_ours(*purpose, &link.token)) {
        Some((purpose, email)) => chrome.bare(title(purpose), question(purpose, &email, &link)).into_response(),
        None => dead_link(&chrome, "/login/link"),
    })
}

async fn submit(State(app): State<App>, chrome: Chrome, client: Client, link: PageForm<LinkForm>) -> Result<Response, Problem> {
    let LinkForm { token, next, organisation } = link.value;
    let tx = app.db.system().await?;
    let redeemed = one_time::redeem_link(&tx, &token, app.clock.now()).await?;
    let Some(redeemed) = redeemed.filter(|redeemed| is_ours(redeemed.purpose, &token)) else {
        return Ok(dead_link(&chrome, "/login/link"));
    };
    tx.commit().await?;
    arrive(&app, redeemed, Arrival { next: &next, organisation: &organisation }, &client).await
}

/// Applies what was proved, and signs in where that is what it was for.
pub(super) async fn arrive(app: &App, redeemed: Redeemed, to: Arrival<'_>, client: &Client) -> Result<Response, Problem> {
    let (user, now) = (redeemed.user, app.clock.now());
    let tx = app.db.system().await?;
    let method = match confirm(&tx, &redeemed, client, now).await {
        Ok(method) => method,
        Err(error @ ConfirmError::Db(_)) => return Err(error.into()),
        Err(error) => return Ok(redirect("/login", Some(Flash::error(error.to_string())))),
    };
    tx.commit().await?;
    Engine::of(app)?.forget_person(user);
    if method == Method::EmailChange {
        return Ok(redirect("/account", Some(Flash::success(format!("You sign in with {} from now on.", redeemed.email)))));
    }
    let org = found_what_they_wanted(app, &redeemed, to.organisation).await?;
    let token = open_session(app, NewSession { org, ..NewSession::by(user, method) }, client).await?;
    let flash = (method == Method::EmailSignup).then(|| Flash::success("Welcome to Leadline: your address is confirmed."));
    Ok(with_cookies(redirect(inside(to.next), flash), app, user, &token, client))
}

/// The organisation named at sign-up, for somebody who belongs to none yet. Whether one may be founded is
/// asked again: a while has passed.
async fn found_what_they_wanted(app: &App, redeemed: &Redeemed, organisation: &str) -> Result<Option<kernel::OrgId>, Problem> {
    if redeemed.purpose != Purpose::Signup || organisation.trim().is_empty() || sign_up::allowed(app).await.is_err() {
        return Ok(None);
    }
    if store::account::belongs_somewhere(&app.db, redeemed.user).await? {
        return Ok(None);
    }
    Ok(sign_up::found(app, redeemed.user, organisation).await.ok())
}

/// Links of the Auth API that answer a challenge, and those with a page of their own, are not for this page.
fn is_ours(purpose: Purpose, token: &str) -> bool {
    !token.starts_with("pkce_") && !matches!(purpose, Purpose::Recovery | Purpose::Reauthentication)
}

const fn title(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Signup | Purpose::EmailChange => "Confirm your address",
        Purpose::MagicLink | Purpose::Recovery | Purpose::Reauthentication => "Sign in",
        Purpose::Invite => "Accept the invitation",
    }
}

fn question(purpose: Purpose, email: &str, link: &LinkForm) -> Markup {
    let (text, button) = match purpose {
        Purpose::Signup => ("You signed up with this address, and it is yours:", "Confirm and sign in"),
        Purpose::EmailChange => ("From now on you sign in with this address:", "Use this address"),
        Purpose::Invite => ("An account was made for you with this address:", "Accept and sign in"),
        Purpose::MagicLink | Purpose::Recovery | Purpose::Reauthentication => ("You sign in with this address:", "Sign in"),
    };
    html! {
        h1 { (title(purpose)) }
        p { (text) }
        p { strong { (email) } }
        form.stack method="post" action="/confirm" {
            (ui::hidden("token", &link.token))
            (ui::hidden("next", &link.next))
            (ui::hidden("organisation", &link.organisation))
            (Button::primary(button))
        }
    }
}

/// Used, too old, replaced by a later one, or never ours: the same page.
pub(super) fn dead_link(chrome: &Chrome, another: &str) -> Response {
    let content = html! {
        h1 { "This link no longer works" }
        p { "It was used already, is too old, or a later mail has replaced it." }
        div.stack {
            (Button::primary("Sign in").href("/login"))
            (Button::secondary("Get another link").href(another))
        }
    };
    (StatusCode::GONE, chrome.bare("Link", content)).into_response()
}
