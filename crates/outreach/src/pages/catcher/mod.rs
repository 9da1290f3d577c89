//! The mail catcher: what was "sent" while nothing leaves this machine. Where mail does leave, these
//! pages do not exist.

mod clear;
mod list;
mod message;
mod raw;

use http_kit::{App, Problem, Routes};
use identity::Viewer;
use mail::{Catcher, Mailer, Reader};

pub(super) fn pages() -> Routes {
    Routes::new()
        .get("/catcher", list::show)
        .post("/catcher/clear", clear::submit)
        .get("/catcher/{id}", message::show)
        .get("/catcher/{id}/html", message::body)
        .get("/catcher/{id}/raw", raw::download)
}

fn catcher(app: &App) -> Result<&Catcher, Problem> {
    match &app.mailer {
        Mailer::Catcher(catcher) => Ok(catcher),
        Mailer::Smtp(_) | Mailer::Resend(_) => Err(Problem::not_found()),
    }
}

/// Letters about a colleague's account would open it: owners see them, who answer for everything.
fn reader(viewer: &Viewer) -> Reader<'_> {
    if viewer.role.is_owner() { Reader::Everything } else { Reader::Address(&viewer.email) }
}
