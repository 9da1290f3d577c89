//! `/account/security`: a person's second factors. Works for somebody whom no organisation lets in yet,
//! because enrolling is how they get in.

mod app;
mod demands;
mod factors;
mod later;
mod overview;
mod recovery_codes;

pub(crate) use later::{is_put_off, nudge};

use http_kit::{App, Problem, Routes};
use maud::Markup;

use super::{account::frame, login::inside};
use crate::{Person, Viewer, mfa};

const HOME: &str = "/account/security";

pub(super) fn pages() -> Routes {
    Routes::new()
        .get("/account/security", overview::show)
        .post("/account/security/later", later::later)
        .post("/account/security/apps", app::begin)
        .get("/account/security/apps/{id}", app::show)
        .post("/account/security/apps/{id}", app::confirm)
        .post("/account/security/factors/{id}/name", factors::rename)
        .post("/account/security/factors/{id}/remove", factors::remove)
        .get("/account/security/recovery-codes", recovery_codes::show)
        .post("/account/security/recovery-codes", recovery_codes::make)
}

/// Among the pages of the person's account.
fn page(viewer: Option<&Viewer>, person: &Person, title: &str, subtitle: &str, content: Markup) -> Markup {
    frame(person, viewer, HOME, title, subtitle, content)
}

/// A path of ours below `/account/security` that remembers where the person wanted to go.
fn with_next(path: &str, next: &str) -> String {
    if next.is_empty() {
        return path.to_owned();
    }
    let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
    format!("{path}?next={next}")
}

/// Where to go once a factor counts: to the recovery codes if there are none, else on.
pub(super) async fn after_enrolment(app: &App, person: &Person, next: &str) -> Result<String, Problem> {
    let has_codes = mfa::recovery_codes_left(app, person.principal.user).await? > 0;
    Ok(match (has_codes, next) {
        (false, next) => with_next("/account/security/recovery-codes", next),
        (true, "") => HOME.to_owned(),
        (true, next) => inside(next).to_owned(),
    })
}
