use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{ApiQuery, App, PageForm, Problem, redirect};
use maud::{Markup, html};
use ui::{Button, Icon, Tone};

use super::{HOME, page, with_next};
use crate::{
    Person, Viewer, mfa,
    pages::login::{Next, inside},
};

const TITLE: &str = "Recovery codes";

pub(super) async fn show(
    State(app): State<App>,
    person: Person,
    viewer: Result<Viewer, Problem>,
    ApiQuery(query): ApiQuery<Next>,
) -> Result<Response, Problem> {
    person.require_second_factor()?;
    if !person.principal.has_mfa {
        return Ok(redirect(&with_next(HOME, &query.next), None));
    }
    person.require_fresh(&app)?;
    let left = mfa::recovery_codes_left(&app, person.principal.user).await?;
    let content = html! {
        div.stack {
            p { "Keep these ten codes where your phone is not: printed in a drawer, or in a password manager. Each lets you in once when your second factor is lost." }
            @if left > 0 { (ui::notice(Tone::Warning, format!("You have {left} left. Making new ones ends them."))) }
            form.button-row method="post" action="/account/security/recovery-codes" {
                (ui::hidden("next", &query.next))
                (Button::primary(if left > 0 { "Make new codes" } else { "Make recovery codes" }))
                (Button::ghost(if left > 0 { "Keep the old ones" } else { "Later" }).href(onward(&query.next)))
            }
        }
    };
    Ok(page(viewer.ok().as_ref(), &person, TITLE, "", content).into_response())
}

/// Answers with the codes themselves: they are readable on this one page and nowhere else.
pub(super) async fn make(
    State(app): State<App>,
    person: Person,
    viewer: Result<Viewer, Problem>,
    form: PageForm<Next>,
) -> Result<Response, Problem> {
    person.require_second_factor()?;
    person.require_fresh(&app)?;
    let codes = mfa::make_codes(&app, person.principal.user, &person.client).await?;
    let Some(codes) = codes else { return Ok(redirect(&with_next(HOME, &form.value.next), None)) };
    Ok(page(viewer.ok().as_ref(), &person, TITLE, "", made(&codes, &person.principal.email, &form.value.next)).into_response())
}

fn made(codes: &[String], email: &str, next: &str) -> Markup {
    let text = format!("Leadline recovery codes of {email}\nEach works once.\n\n{}\n", codes.join("\n"));
    let data: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    html! {
        div.stack {
            (ui::notice(Tone::Warning, "This is the only time that they are shown."))
            ul.recovery-codes aria-label="Recovery codes" { @for code in codes { li { code { (code) } } } }
            div.button-row {
                a.button href={ "data:text/plain;charset=utf-8," (data) } download="leadline-recovery-codes.txt" { (ui::icon(Icon::Download)) span { "Download" } }
                (Button::secondary("Copy").plain().attr("data-copy", codes.join("\n")))
                (Button::secondary("Print").plain().attr("data-print", "").attr("hidden", ""))
            }
            (ui::form_actions(html! { (Button::primary("I have kept them").href(onward(next))) }))
        }
    }
}

fn onward(next: &str) -> String {
    if next.is_empty() { HOME.to_owned() } else { inside(next).to_owned() }
}
