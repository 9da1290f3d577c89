use http_kit::App;
use maud::{Markup, html};
use ui::{Button, Icon};

use super::passkey;

/// Ways in besides the password, below its form: whatever this server has been set up for.
pub(super) fn alternatives(app: &App, next: &str) -> Markup {
    html! {
        p.divider aria-hidden="true" { span { "or" } }
        div.stack {
            (passkey::sign_in(app, next))
            (Button::secondary("E-mail me a sign-in link").icon(Icon::Mail).href(with_next("/login/link", next)))
            (providers(app, next))
        }
    }
}

/// For somebody new: an account elsewhere instead of another password. The organisation comes after it.
pub(super) fn to_sign_up(app: &App) -> Markup {
    html! {
        @if !app.config.auth.providers.is_empty() {
            p.divider aria-hidden="true" { span { "or" } }
            div.stack { (buttons(app, "/")) }
        }
    }
}

/// Accounts that people have elsewhere.
fn providers(app: &App, next: &str) -> Markup {
    html! {
        (buttons(app, next))
        (Button::ghost("Sign in through your organisation").href(with_next("/login/sso", next)))
    }
}

fn buttons(app: &App, next: &str) -> Markup {
    html! {
        @for provider in &app.config.auth.providers {
            (Button::secondary(format!("Continue with {}", provider.label)).href(with_next(&format!("/login/with/{}", provider.name.as_str()), next)))
        }
    }
}

/// The path with where to go on to afterwards.
pub(super) fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() || next == "/" {
        return path.to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}
