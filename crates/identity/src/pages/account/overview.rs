use axum::extract::State;
use http_kit::{App, Problem};
use maud::{Markup, html};
use ui::{Button, Field, Icon, Tone};

use super::{MaybeViewer, frame};
use crate::{
    Person,
    pages::strength,
    store::account::{self, Identity, Own},
};

/// A form that was refused, with what was typed into it.
pub(super) struct Refused<'a> {
    pub(super) form: &'static str,
    pub(super) typed: &'a str,
    pub(super) problem: &'a Problem,
}

pub(super) async fn show(State(app): State<App>, person: Person, viewer: MaybeViewer) -> Result<Markup, Problem> {
    page(&app, &person, viewer, None).await
}

pub(super) async fn page(app: &App, person: &Person, viewer: MaybeViewer, refused: Option<&Refused<'_>>) -> Result<Markup, Problem> {
    let own = account::own(&app.db, person.principal.user).await?;
    let content = ui::stack(html! {
        (ui::card("Name", html! {}, name_form(person, of(refused, "name"))))
        (ui::card("E-mail", html! {}, email_form(person, &own, of(refused, "email"))))
        (ui::card(if own.has_password { "Password" } else { "Set a password" }, html! {}, password_form(person, &own, of(refused, "password"))))
        (ui::card_flush("Ways to sign in", html! {}, ways(app, person, &own)))
    });
    Ok(frame(person, viewer.ok().as_ref(), "/account", "Your account", "Your name, your address, and how you sign in.", content))
}

fn of<'a>(refused: Option<&'a Refused<'a>>, form: &str) -> Option<&'a Refused<'a>> {
    refused.filter(|refused| refused.form == form)
}

fn error(refused: Option<&Refused<'_>>, field: &str) -> Option<String> {
    refused.and_then(|refused| refused.problem.of_field(field))
}

fn name_form(person: &Person, refused: Option<&Refused<'_>>) -> Markup {
    let value = refused.map_or(person.principal.name.as_str(), |refused| refused.typed);
    html! {
        form.stack.is-narrow method="post" action="/account/name" {
            (Field::text("name", "Name").value(value).error(error(refused, "name")).autocomplete("name").required()
                .hint("Colleagues see it, and test mails are sent in it."))
            (ui::form_actions(html! { (Button::primary("Save name")) }))
        }
    }
}

fn email_form(person: &Person, own: &Own, refused: Option<&Refused<'_>>) -> Markup {
    html! {
        @if let Some(new) = &own.new_email {
            (ui::notice_with(Tone::Info, html! { "Follow the link that we sent to " strong { (new) } " to sign in with it." }, html! {
                form method="post" action="/account/email/keep" { (Button::ghost("Keep the current address").small()) }
            }))
        }
        form.stack.is-narrow method="post" action="/account/email" {
            (Field::email("email", "New address").value(refused.map_or("", |refused| refused.typed)).error(error(refused, "email")).autocomplete("email").required()
                .hint(html! { "You sign in with " strong { (person.principal.email) } ". It stays until you follow the link that we send to the new one." }))
            (ui::form_actions(html! { (Button::primary("Send link")) }))
        }
    }
}

fn password_form(person: &Person, own: &Own, refused: Option<&Refused<'_>>) -> Markup {
    html! {
        form.stack.is-narrow method="post" action="/account/password" {
            // For password managers: whose password it is.
            input type="email" name="username" value=(person.principal.email) autocomplete="username" hidden;
            @if own.has_password {
                (Field::password("current", "Current password").error(error(refused, "current")).autocomplete("current-password").required())
            }
            (strength::field(if own.has_password { "New password" } else { "Password" }, error(refused, "password")))
            (ui::form_actions(html! {
                (Button::primary(if own.has_password { "Change password" } else { "Set password" }))
                span.muted { "Every other device is signed out." }
            }))
        }
    }
}

/// How they can be recognised. What is removed and connected belongs to whoever speaks to providers.
fn ways(app: &App, person: &Person, own: &Own) -> Markup {
    let connected = |name: &str| own.identities.iter().any(|identity| identity.provider == name);
    let free: Vec<_> = app.config.auth.providers.iter().filter(|provider| !connected(provider.name.as_str())).collect();
    let removable = own.identities.len() > 1 || own.has_password;
    html! {
        ul.rows {
            @for identity in &own.identities {
                li.row-item {
                    div.row-text {
                        span.row-title { (label(app, identity)) }
                        span.row-detail {
                            @if identity.provider == "email" { (person.principal.email) @if own.has_password { " · with a password or a link by mail" } @else { " · with a link by mail" } }
                            @else { (identity.email) @if let Some(at) = identity.last_sign_in_at { " · last used " (ui::ago(at)) } }
                        }
                    }
                    @if identity.provider != "email" && removable {
                        form method="post" action={ "/account/identities/" (identity.id) "/remove" } {
                            (Button::ghost("Remove").small().confirm(format!("Sign in with {} no longer? You can connect it again.", label(app, identity))))
                        }
                    }
                }
            }
            @for provider in free {
                li.row-item {
                    div.row-text { span.row-title { (provider.label) } span.row-detail { "Not connected" } }
                    form method="post" action={ "/account/identities/with/" (provider.name.as_str()) } { (Button::secondary("Connect").small()) }
                }
            }
            li.row-item {
                div.row-text {
                    span.row-title { "Passkeys and second factors" }
                    span.row-detail { @if person.principal.has_mfa { "Set up" } @else { "None yet" } }
                }
                (Button::secondary("Security").small().icon(Icon::Key).href("/account/security"))
            }
        }
    }
}

fn label(app: &App, identity: &Identity) -> String {
    match identity.provider.as_str() {
        "email" => "E-mail".to_owned(),
        sso if sso.starts_with("sso:") => "Your organisation's sign-in".to_owned(),
        other => app.config.auth.provider(other).map_or_else(|| other.to_owned(), |provider| provider.label.clone()),
    }
}
