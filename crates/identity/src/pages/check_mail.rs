//! "Check your mail": after every request for a mail, whether one was sent or not; and the code of that
//! mail, typed on another device than the one that reads mail.

use std::time::Duration;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use cache::Rate;
use http_kit::{App, Chrome, PageForm, Problem, Routes, throttle};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use super::{
    confirm::{self, Arrival},
    login_link::{self, AddressForm, refuse},
};
use crate::{
    Client,
    one_time::{self, Purpose, Redeemed},
};

/// Codes that one network may try: each code bears only a few guesses itself.
const TRIES: Rate = Rate { uses: 30, per: Duration::from_secs(300) };

pub(super) fn pages() -> Routes {
    Routes::new().post("/login/code", code).post("/confirm/again", again)
}

pub(super) const TITLE: &str = "Check your mail";

/// What the page says and asks for. It never says whether a mail was sent.
pub(super) struct CheckMail<'a> {
    email: &'a str,
    next: &'a str,
    organisation: &'a str,
    /// Before and after the address.
    told: (&'static str, &'static str),
    /// The request that sends another.
    again: &'static str,
}

impl<'a> CheckMail<'a> {
    pub(super) fn to_sign_in(email: &'a str, next: &'a str) -> Self {
        let told = ("If ", " has an account, a mail with a link and a code to sign in is on its way.");
        Self { email, next, organisation: "", told, again: "/login/link" }
    }

    /// After signing up, when every address gets a mail of one kind or another.
    pub(super) fn to_confirm(email: &'a str, next: &'a str, organisation: &'a str) -> Self {
        let told = ("A mail is on its way to ", ". Its link, or its code, confirms that the address is yours.");
        Self { email, next, organisation, told, again: "/confirm/again" }
    }

    fn to_confirm_again(email: &'a str, next: &'a str) -> Self {
        let told = ("If ", " waits for its confirmation, another mail with a link and a code is on its way.");
        Self { email, next, organisation: "", told, again: "/confirm/again" }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct CodeForm {
    email: String,
    code: String,
    next: String,
    organisation: String,
}

/// Signs in by the code of a mail.
async fn code(State(app): State<App>, chrome: Chrome, client: Client, typed: PageForm<CodeForm>) -> Result<Response, Problem> {
    let CodeForm { email, code, next, organisation } = typed.value;
    match redeem(&app, &[Purpose::MagicLink, Purpose::Signup, Purpose::Invite], &email, &code, &client).await {
        Ok(redeemed) => confirm::arrive(&app, redeemed, Arrival { next: &next, organisation: &organisation }, &client).await,
        Err(problem) => {
            let page_ = CheckMail { organisation: &organisation, ..CheckMail::to_sign_in(&email, &next) };
            refuse(&chrome, TITLE, problem, |problem| page(&page_, Some(problem)))
        }
    }
}

/// Sends another confirmation, if the address waits for one.
async fn again(State(app): State<App>, chrome: Chrome, client: Client, typed: PageForm<AddressForm>) -> Result<Response, Problem> {
    let AddressForm { email, next } = typed.value;
    let sent = login_link::ask(&app, Purpose::Signup, &email, &next, &client).await;
    let page_ = CheckMail::to_confirm_again(&email, &next);
    match sent {
        Ok(_) => Ok(chrome.bare(TITLE, page(&page_, None)).into_response()),
        Err(problem) => refuse(&chrome, TITLE, problem, |problem| page(&page_, Some(problem))),
    }
}

/// Uses up a typed code. Spaces do not count: it is shown in a row of digits and copied in parts.
pub(super) async fn redeem(app: &App, purposes: &[Purpose], email: &str, code: &str, client: &Client) -> Result<Redeemed, Problem> {
    let key = format!("code:{}", client.neighbourhood());
    throttle(app, &[(&key, TRIES)]).await?;
    let email: String = email.trim().to_lowercase().chars().take(254).collect();
    let code: String = code.chars().filter(|c| !c.is_whitespace()).take(12).collect();
    one_time::count_code(app, &email).await.map_err(|throttled| Problem::too_many(throttled.retry_after))?;
    let tx = app.db.system().await?;
    let redeemed = one_time::redeem_code(&tx, &app.config.secret, purposes, &email, &code, app.clock.now()).await?;
    tx.commit().await?;
    redeemed.ok_or_else(|| {
        Problem::field("/code", "code.invalid", "This code is wrong, was used, or is too old. The latest mail holds the one that works.")
    })
}

pub(super) fn page(about: &CheckMail<'_>, problem: Option<&Problem>) -> Markup {
    html! {
        h1 { (TITLE) }
        p { (about.told.0) strong { (about.email) } (about.told.1) }
        form.stack method="post" action="/login/code" {
            (ui::hidden("email", about.email))
            (ui::hidden("next", about.next))
            (ui::hidden("organisation", about.organisation))
            (code_field(problem.map(|problem| problem.detail.clone())).autofocus())
            (Button::primary("Continue"))
        }
        (another(about.again, about.email, about.next))
    }
}

pub(super) fn code_field(error: Option<String>) -> Field {
    Field::text("code", "Code from the mail")
        .error(error)
        .autocomplete("one-time-code")
        .attr("inputmode", "numeric")
        .attr("maxlength", "12")
        .required()
}

/// Below such a page: what to do when nothing comes.
pub(super) fn another(action: &str, email: &str, next: &str) -> Markup {
    html! {
        form.stack method="post" action=(action) {
            (ui::hidden("email", email))
            (ui::hidden("next", next))
            (Button::ghost("Send another mail"))
        }
        p.muted { "Nothing there after a minute? Look among the spam, and check the address." }
    }
}
