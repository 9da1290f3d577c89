//! `/welcome`: for somebody who belongs to no organisation, and whoever looks for an invitation.

use axum::{extract::State, response::Response};
use http_kit::{App, Flash, PageForm, Problem, Routes, redirect};
use kernel::InvitationId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Tone};

use crate::{Person, actions::accept_invitation, gate, store::invitations};

pub(super) fn pages() -> Routes {
    Routes::new().get("/welcome", show).post("/welcome/accept", accept)
}

#[derive(Debug, Deserialize)]
struct AcceptForm {
    invitation: InvitationId,
}

async fn show(State(app): State<App>, person: Person) -> Result<Markup, Problem> {
    let principal = &person.principal;
    // Who has not proved the address must not learn who has invited it; nor must whom an organisation vouches for.
    let waiting = match principal.email_confirmed && principal.only_org.is_none() {
        true => invitations::of_address(&app.db, &principal.email, app.clock.now()).await?,
        false => Vec::new(),
    };
    let may_found = principal.email_confirmed && principal.only_org.is_none() && gate::sign_up_is_open(&app).await?;
    let content = html! {
        h1 { "Welcome, " (principal.name) }
        @if !principal.email_confirmed {
            p { "Confirm first that " strong { (principal.email) } " is yours: follow the link in the mail that we sent." }
            form.stack method="post" action="/confirm/again" { (ui::hidden("email", &principal.email)) (Button::primary("Send another mail")) }
        }
        @for (invitation, _) in &waiting {
            div.stack {
                (ui::notice(Tone::Info, html! { strong { (invitation.inviter) } " invites you to " strong { (invitation.organisation) } @if !invitation.role_name.is_empty() { " as " (invitation.role_name) } "." }))
                form.stack method="post" action="/welcome/accept" {
                    (ui::hidden("invitation", &invitation.id.to_string()))
                    (Button::primary(format!("Join {}", invitation.organisation)))
                }
            }
        }
        @if waiting.is_empty() && principal.email_confirmed && principal.place.is_none() {
            p { "You belong to no organisation yet. An invitation to " strong { (principal.email) } " appears here." }
        }
        @if may_found {
            @if !waiting.is_empty() { p.divider aria-hidden="true" { span { "or" } } }
            @if principal.place.is_some() { p { "Or begin with another organisation." } }
            form.stack method="post" action="/organisations/new" {
                (Field::text("organisation", "Organisation").autocomplete("organization").required())
                @if waiting.is_empty() { (Button::primary("Create organisation")) } @else { (Button::secondary("Create your own")) }
            }
        }
        @if let Some(place) = &principal.place { p.muted { a href="/" { "Go on to " (place.org_name) } } }
        div.button-row {
            (Button::ghost("Your account").href("/account"))
            form method="post" action="/logout" { (Button::ghost("Sign out")) }
        }
    };
    Ok(person.bare("Welcome", content))
}

async fn accept(State(app): State<App>, person: Person, form: PageForm<AcceptForm>) -> Result<Response, Problem> {
    let joined = accept_invitation::accept_waiting(&app, &person, form.value.invitation).await?;
    Ok(redirect("/", Some(Flash::success(format!("Welcome to {}.", joined.organisation)))))
}
