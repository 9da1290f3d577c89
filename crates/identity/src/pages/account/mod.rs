//! `/account`: a person's own name, address, password, ways in and sessions. For everybody signed in, also
//! for somebody whom no organisation lets in yet.

mod email;
mod name;
mod overview;
mod password;
mod sessions;

use http_kit::{Problem, Routes};
use maud::{Markup, html};
use ui::{Button, Nav, Tab};

use crate::{Person, Viewer};

pub(super) fn pages() -> Routes {
    Routes::new()
        .get("/account", overview::show)
        .post("/account/name", name::submit)
        .post("/account/email", email::submit)
        .post("/account/email/keep", email::keep)
        .post("/account/password", password::submit)
        .get("/account/sessions", sessions::show)
        .post("/account/sessions/end-others", sessions::end_others)
        .post("/account/sessions/{id}/end", sessions::end)
}

/// Inside the application for whoever an organisation lets in, bare for whoever it does not.
pub(super) fn frame(person: &Person, viewer: Option<&Viewer>, here: &str, title: &str, subtitle: &str, content: Markup) -> Markup {
    let tabs = [("Account", "/account"), ("Security", "/account/security"), ("Sessions", "/account/sessions")]
        .map(|(label, href)| Tab::new(label, href, href == here));
    let tabs = ui::tabs("Your account", &tabs);
    match viewer {
        Some(viewer) => viewer.page(Nav::None, title, html! { (ui::page_header(title, subtitle, html! {})) (tabs) (content) }),
        None => {
            // Without the sidebar and its menu there would be no way out.
            let leave = html! { form.stack method="post" action="/logout" { (Button::ghost("Sign out")) } };
            person.bare(title, html! { h1 { (title) } (tabs) @if !subtitle.is_empty() { p { (subtitle) } } (content) (leave) })
        }
    }
}

/// A viewer, if an organisation lets them in: whoever it does not still has their own account.
pub(super) type MaybeViewer = Result<Viewer, Problem>;
