use axum::extract::State;
use http_kit::{ApiQuery, App, Problem};
use maud::{Markup, html};
use ui::{Button, Icon, Tone};

use super::{HOME, demands, factors, page, with_next};
use crate::{
    Person, Viewer,
    mfa::{self, Factor, FactorKind},
    pages::{
        login::{Next, inside},
        passkey,
    },
};

pub(super) async fn show(
    State(app): State<App>,
    person: Person,
    viewer: Result<Viewer, Problem>,
    ApiQuery(query): ApiQuery<Next>,
) -> Result<Markup, Problem> {
    person.require_second_factor()?;
    let user = person.principal.user;
    let factors = mfa::factors(&app.db, user).await?.into_iter().filter(Factor::is_verified).collect::<Vec<_>>();
    let codes = mfa::recovery_codes_left(&app, user).await?;
    let demands = demands::of(&app, user).await?;
    let next = if query.next.is_empty() { "" } else { inside(&query.next) };
    let content = ui::stack(html! {
        @if factors.is_empty() { (demands::ask(&demands)) }
        @else if !next.is_empty() && next != HOME {
            (ui::notice_with(Tone::Success, "Your account has a second factor.", html! { (Button::primary("Continue").href(next)) }))
        }
        (ui::card("Authenticator apps", html! {}, apps(&factors, next)))
        (ui::card("Passkeys", html! {}, passkeys(&app, &factors, next)))
        @if !factors.is_empty() { (ui::card("Recovery codes", html! {}, recovery(codes, next))) }
        @if !demands.is_empty() { (ui::card("What your organisations ask for", html! {}, demands::list(&demands))) }
    });
    Ok(page(viewer.ok().as_ref(), &person, "Security", "What proves that it is you, beside your password.", content))
}

fn apps(all: &[Factor], next: &str) -> Markup {
    let apps: Vec<&Factor> = all.iter().filter(|factor| factor.kind == FactorKind::Totp).collect();
    ui::stack(html! {
        p.muted { "An app on your phone shows a code that changes every half minute. You type it after your password." }
        (factors::list(&apps))
        form method="post" action="/account/security/apps" {
            (ui::hidden("next", next))
            (Button::secondary("Add an authenticator app").icon(Icon::Plus))
        }
    })
}

fn passkeys(app: &App, all: &[Factor], next: &str) -> Markup {
    let passkeys: Vec<&Factor> = all.iter().filter(|factor| factor.kind == FactorKind::Webauthn).collect();
    ui::stack(html! {
        p.muted { "Your fingerprint, face or PIN instead of a code, and instead of the password too. Nobody can trick you into typing it elsewhere." }
        (factors::list(&passkeys))
        @match mfa::relying_party(&app.config) {
            Ok(_) => (passkey::add(next)),
            Err(unavailable) => (ui::notice(Tone::Info, unavailable.why())),
        }
    })
}

fn recovery(left: i64, next: &str) -> Markup {
    let path = with_next("/account/security/recovery-codes", next);
    ui::stack(html! {
        @if left == 0 {
            (ui::notice(Tone::Warning, "You have no recovery codes. Without them, losing your phone or key locks you out."))
            div { (Button::secondary("Make recovery codes").href(path)) }
        } @else {
            p { strong { (left) } " of " (mfa::RECOVERY_CODES) " left. Each stands in for your second factor once." }
            div { (Button::secondary("Make new ones").href(path)) }
        }
    })
}
