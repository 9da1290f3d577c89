//! `/login/factor`: the second factor of somebody who has signed in with their first. The same choices
//! confirm later that it is still them (`/login/confirm`).

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiQuery, App, Flash, PageForm, Problem, ProblemKind, Routes, redirect};
use kernel::FactorId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon};

use super::{
    confirm_identity::{not_now, unsent},
    login::{Next, inside},
    passkey,
};
use crate::{
    Person,
    mfa::{self, Factor, FactorKind, Shown},
};

pub(super) fn pages() -> Routes {
    Routes::new().get("/login/factor", show).post("/login/factor/code", code).post("/login/factor/recovery", recovery_code)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct CodeForm {
    factor: String,
    code: String,
    next: String,
}

/// What the person can show.
struct Choices {
    apps: Vec<Factor>,
    passkeys: bool,
    /// Recovery codes that are left.
    codes: i64,
}

/// What was typed and refused.
#[derive(Clone, Copy)]
enum Refused<'a> {
    Code(&'a Problem),
    RecoveryCode(&'a Problem),
}

async fn show(State(app): State<App>, person: Person, ApiQuery(query): ApiQuery<Next>) -> Result<Response, Problem> {
    let next = inside(&query.next);
    if !person.principal.has_mfa || person.principal.aal > 1 {
        return Ok(redirect(next, None));
    }
    let choices = Choices::of(&app, &person).await?;
    Ok(page(&person, &choices, next, None).into_response())
}

async fn code(State(app): State<App>, person: Person, form: PageForm<CodeForm>) -> Result<Response, Problem> {
    let CodeForm { factor, code, next } = form.value;
    let factor: FactorId = factor.parse().map_err(|_| Problem::not_found())?;
    let choices = Choices::of(&app, &person).await?;
    if !choices.apps.iter().any(|app| app.id == factor) {
        return Err(Problem::not_found());
    }
    match mfa::show_code(&app, shown(&person), factor, &code).await.map_err(Problem::from) {
        Ok(()) => Ok(redirect(inside(&next), None)),
        Err(problem) => again(&person, &choices, &next, problem, |problem| Refused::Code(problem)),
    }
}

async fn recovery_code(State(app): State<App>, person: Person, form: PageForm<CodeForm>) -> Result<Response, Problem> {
    let CodeForm { code, next, .. } = form.value;
    match mfa::show_recovery_code(&app, shown(&person), &code).await.map_err(Problem::from) {
        Ok(()) => {
            let left = mfa::recovery_codes_left(&app, person.principal.user).await?;
            let told = format!("{} left. Make new ones before they run out.", ui::plural(left, "recovery code", "recovery codes"));
            Ok(redirect(inside(&next), Some(Flash::success(told).link("Security", "/account/security"))))
        }
        Err(problem) => {
            let choices = Choices::of(&app, &person).await?;
            again(&person, &choices, &next, problem, |problem| Refused::RecoveryCode(problem))
        }
    }
}

fn shown(person: &Person) -> Shown<'_> {
    Shown { user: person.principal.user, session: person.session_id, client: &person.client }
}

/// The form again with what is wrong, where typing again helps.
fn again(
    person: &Person,
    choices: &Choices,
    next: &str,
    problem: Problem,
    refused: impl for<'a> Fn(&'a Problem) -> Refused<'a>,
) -> Result<Response, Problem> {
    let status = match problem.kind {
        ProblemKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
        ProblemKind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        _ => return Err(problem),
    };
    Ok((status, page(person, choices, inside(next), Some(refused(&problem)))).into_response())
}

/// Also for whoever has shown it before and confirms that it is still them.
fn page(person: &Person, choices: &Choices, next: &str, refused: Option<Refused<'_>>) -> Markup {
    let confirms = person.principal.aal > 1;
    let (title, text) = if confirms {
        ("Confirm that it is you", "What you are about to do is sensitive. Show your second factor once more.")
    } else {
        ("One more step", "Show your second factor to finish signing in.")
    };
    person.bare(
        title,
        html! {
            h1 { (title) }
            p { (text) }
            @if confirms { (unsent()) }
            (forms(choices, next, refused))
            @if confirms { (not_now()) } @else { form.stack method="post" action="/logout" { (Button::ghost("Sign in as somebody else")) } }
        },
    )
}

/// A form for each thing that can be shown, the strongest first.
fn forms(choices: &Choices, next: &str, refused: Option<Refused<'_>>) -> Markup {
    let detail = |wanted: fn(Refused<'_>) -> Option<String>| refused.and_then(wanted);
    let code_error = detail(|refused| if let Refused::Code(problem) = refused { Some(problem.detail.clone()) } else { None });
    let recovery_error = detail(|refused| if let Refused::RecoveryCode(problem) = refused { Some(problem.detail.clone()) } else { None });
    html! {
        @if choices.passkeys { (passkey::show(next)) }
        @if !choices.apps.is_empty() {
            @if choices.passkeys { p.divider { span { "or" } } }
            form.stack method="post" action="/login/factor/code" {
                (ui::hidden("next", next))
                @if let [only] = choices.apps.as_slice() { (ui::hidden("factor", &only.id.to_string())) }
                @else { (Field::select("factor", "App", choices.apps.iter().map(|app| (app.id.to_string(), app.label().to_owned())))) }
                (Field::text("code", "Code of your authenticator app").error(code_error).required().autocomplete("one-time-code")
                    .attr("inputmode", "numeric").attr("maxlength", "9").autofocus())
                (Button::primary("Continue"))
            }
        }
        @if choices.codes > 0 {
            details.disclosure open[recovery_error.is_some()] {
                summary { "Use a recovery code" }
                form.stack method="post" action="/login/factor/recovery" {
                    (ui::hidden("next", next))
                    (Field::text("code", "Recovery code").id("field-recovery").error(recovery_error).required().autocomplete("off")
                        .hint("One of the ten that you kept. It works once.").attr("spellcheck", "false"))
                    (Button::secondary("Use recovery code").icon(Icon::Document))
                }
            }
        } @else {
            p.muted { "Lost it, and no recovery codes? Ask the person who runs this server." }
        }
    }
}

impl Choices {
    async fn of(app: &App, person: &Person) -> Result<Self, Problem> {
        let user = person.principal.user;
        let factors = mfa::factors(&app.db, user).await?.into_iter().filter(Factor::is_verified).collect::<Vec<_>>();
        let passkeys = mfa::relying_party(&app.config).is_ok() && factors.iter().any(|factor| factor.kind == FactorKind::Webauthn);
        let apps = factors.into_iter().filter(|factor| factor.kind == FactorKind::Totp).collect();
        Ok(Self { apps, passkeys, codes: mfa::recovery_codes_left(app, user).await? })
    }
}

/// The page of `/login/confirm` for somebody who has a second factor.
pub(super) async fn confirm_page(app: &App, person: &Person, next: &str) -> Result<Response, Problem> {
    let choices = Choices::of(app, person).await?;
    Ok(page(person, &choices, next, None).into_response())
}
