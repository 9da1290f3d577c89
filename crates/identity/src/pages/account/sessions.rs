use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, Problem, redirect};
use kernel::SessionId;
use maud::{Markup, html};
use ui::{Button, Icon, Tone};

use super::{MaybeViewer, frame};
use crate::{
    Person,
    actions::end_sessions::{end_one, end_others as end_all_others},
    device,
    store::account::{self, OwnSession},
};

pub(super) async fn show(State(app): State<App>, person: Person, viewer: MaybeViewer) -> Result<Markup, Problem> {
    let sessions = account::sessions(&app.db, person.principal.user, app.clock.now()).await?;
    let others = sessions.iter().any(|session| session.id != person.session_id);
    let actions = html! {
        @if others {
            form method="post" action="/account/sessions/end-others" {
                (Button::secondary("Sign out everywhere else").small().icon(Icon::Logout).confirm("Sign out every other device and program? They need your password again."))
            }
        }
    };
    let content =
        ui::card_flush("Signed in", actions, html! { ul.rows { @for session in &sessions { (item(session, person.session_id)) } } });
    Ok(frame(
        &person,
        viewer.ok().as_ref(),
        "/account/sessions",
        "Sessions",
        "Where you are signed in. End what you do not recognise, and change your password.",
        content,
    ))
}

fn item(session: &OwnSession, here: SessionId) -> Markup {
    html! {
        li.row-item {
            div.row-text {
                span.row-title {
                    (device(&session.agent))
                    @if session.id == here { " " (ui::badge(Tone::Success, "This one")) }
                    @if !session.is_browser { " " (ui::badge(Tone::Neutral, "Auth API")) }
                    @if session.aal > 1 { " " (ui::badge(Tone::Info, "Two factors")) }
                }
                span.row-detail { (session.address) " · last used " (ui::ago(session.last_seen_at)) " · since " (ui::date(session.created_at)) }
            }
            @if session.id != here {
                form method="post" action={ "/account/sessions/" (session.id) "/end" } { (Button::ghost("Sign out").small()) }
            }
        }
    }
}

pub(super) async fn end(State(app): State<App>, person: Person, ApiPath(id): ApiPath<SessionId>) -> Result<Response, Problem> {
    end_one(&app, person.principal.user, id, &person.client).await?;
    let to = if id == person.session_id { "/login" } else { "/account/sessions" };
    Ok(redirect(to, Some(Flash::success("Signed out there."))))
}

pub(super) async fn end_others(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    let ended = end_all_others(&app, person.principal.user, person.session_id, &person.client).await?;
    let ended = i64::try_from(ended).unwrap_or(i64::MAX);
    Ok(redirect("/account/sessions", Some(Flash::success(format!("{} ended.", ui::plural(ended, "session", "sessions"))))))
}
