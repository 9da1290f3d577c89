//! Adding an authenticator app: scan, type the first code, done.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use kernel::FactorId;
use maud::{Markup, PreEscaped, html};
use serde::Deserialize;
use ui::{Button, Field};

use super::{HOME, after_enrolment, page, with_next};
use crate::{
    Person, Viewer,
    mfa::{self, NewTotp, Shown, TotpEnrolment},
    pages::login::{Next, inside},
};

/// What apps show above the account.
const ISSUER: &str = "Leadline";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConfirmForm {
    friendly_name: String,
    code: String,
    next: String,
}

pub(super) async fn begin(State(app): State<App>, person: Person, form: PageForm<Next>) -> Result<Response, Problem> {
    person.require_second_factor()?;
    person.require_fresh(&app)?;
    let principal = &person.principal;
    let name = mfa::begin_again(&app, principal.user, "Authenticator app").await?;
    let new = NewTotp { user: principal.user, aal: principal.aal, email: &principal.email, friendly_name: &name, issuer: ISSUER };
    let begun = mfa::enrol_totp(&app, new).await?;
    Ok(redirect(&with_next(&format!("{HOME}/apps/{}", begun.id), &form.value.next), None))
}

pub(super) async fn show(
    State(app): State<App>,
    person: Person,
    viewer: Result<Viewer, Problem>,
    ApiPath(factor): ApiPath<FactorId>,
    ApiQuery(query): ApiQuery<Next>,
) -> Result<Markup, Problem> {
    let begun = unfinished(&app, &person, factor).await?;
    let typed = ConfirmForm { friendly_name: begun.friendly_name.clone(), next: query.next, ..ConfirmForm::default() };
    Ok(page(viewer.ok().as_ref(), &person, TITLE, "", form(&begun, &typed, None)))
}

pub(super) async fn confirm(
    State(app): State<App>,
    person: Person,
    viewer: Result<Viewer, Problem>,
    ApiPath(factor): ApiPath<FactorId>,
    typed: PageForm<ConfirmForm>,
) -> Result<Response, Problem> {
    let begun = unfinished(&app, &person, factor).await?;
    let typed = typed.value;
    match finish(&app, &person, factor, &typed).await {
        Ok(()) => {
            let to = after_enrolment(&app, &person, if typed.next.is_empty() { "" } else { inside(&typed.next) }).await?;
            Ok(redirect(&to, Some(Flash::success("Your authenticator app is set up."))))
        }
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::TooMany) => {
            let status = problem.kind.status();
            debug_assert!(status == StatusCode::UNPROCESSABLE_ENTITY || status == StatusCode::TOO_MANY_REQUESTS);
            Ok((status, page(viewer.ok().as_ref(), &person, TITLE, "", form(&begun, &typed, Some(&problem)))).into_response())
        }
        Err(problem) => Err(problem),
    }
}

const TITLE: &str = "Add an authenticator app";

/// The secret is shown until the first code: who scans it must be who began.
async fn unfinished(app: &App, person: &Person, factor: FactorId) -> Result<TotpEnrolment, Problem> {
    person.require_second_factor()?;
    person.require_fresh(app)?;
    mfa::unfinished_totp(app, &person.principal, factor, ISSUER).await?.ok_or_else(Problem::not_found)
}

async fn finish(app: &App, person: &Person, factor: FactorId, typed: &ConfirmForm) -> Result<(), Problem> {
    let user = person.principal.user;
    mfa::rename(app, user, factor, &typed.friendly_name).await?;
    let shown = Shown { user, session: person.session_id, client: &person.client };
    Ok(mfa::show_code(app, shown, factor, &typed.code).await?)
}

fn form(begun: &TotpEnrolment, typed: &ConfirmForm, problem: Option<&Problem>) -> Markup {
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    html! {
        div.enrol {
            div.enrol-qr role="img" aria-label="QR code for your authenticator app" { (PreEscaped(&begun.qr)) }
            div.stack {
                ol.enrol-steps {
                    li { "Scan the code with an authenticator app (1Password, Aegis, Google Authenticator, …), or " a href=(begun.uri) { "open it in the app" } " on this device." }
                    li {
                        "Or type this secret into the app: " code.totp-secret data-secret { (grouped(&begun.secret)) } " "
                        (Button::ghost("Copy").small().plain().attr("data-copy", &begun.secret))
                    }
                    li { "Type the six digits that the app shows." }
                }
                @if let Some(problem) = problem.filter(|problem| problem.errors.is_empty()) { (ui::form_error(&problem.detail)) }
                form.stack method="post" action={ (HOME) "/apps/" (begun.id) } {
                    (ui::hidden("next", &typed.next))
                    (Field::text("code", "Code").error(error("code")).required().autocomplete("one-time-code")
                        .attr("inputmode", "numeric").attr("maxlength", "9").autofocus())
                    (Field::text("friendly_name", "Name").value(&typed.friendly_name).error(error("friendly_name"))
                        .hint("To tell it from others that you add.").autocomplete("off").attr("maxlength", "100"))
                    (ui::form_actions(html! { (Button::primary("Confirm")) (Button::ghost("Cancel").href(with_next(HOME, &typed.next))) }))
                }
            }
        }
    }
}

/// In groups of four, to be read off a screen.
fn grouped(secret: &str) -> String {
    secret.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
}
