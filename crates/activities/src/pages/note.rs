use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite, Viewer};
use kernel::{LeadId, NoteId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Nav};

use crate::{
    actions::{add_note::add_note, delete_note::delete_note, edit_note::edit_note},
    store,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NoteForm {
    body: String,
    /// The version that was on the screen.
    version: i32,
}

pub(super) async fn add(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(lead): ApiPath<LeadId>,
    form: PageForm<NoteForm>,
) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay.into_response());
    }
    match add_note(&tx, lead, &form.value.body, viewer.actor(), now).await.map_err(Problem::from) {
        Ok(_) => {
            let to = format!("/leads/{lead}#notes");
            idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
            app.feed.nudge();
            Ok(redirect(&to, Some(Flash::success("Note added."))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let action = format!("/leads/{lead}/notes");
            Ok(refused(&viewer, lead, "New note", &action, &form.value, &problem))
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn edit(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<NoteId>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let note = store::notes::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    if note.author_id != Some(viewer.user_id) {
        return Err(Problem::forbidden("Somebody else wrote this note, and only they can change it. Write a note of your own beside it."));
    }
    let typed = NoteForm { body: note.body, version: note.version };
    Ok(page(&viewer, note.lead_id, "Edit note", &format!("/notes/{id}/edit"), &typed, None))
}

pub(super) async fn save(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<NoteId>,
    form: PageForm<NoteForm>,
) -> Result<Response, Problem> {
    let typed = form.value;
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = store::notes::get(&tx, id).await?.ok_or_else(Problem::not_found)?.lead_id;
    let expected = (typed.version > 0).then_some(typed.version);
    match edit_note(&tx, id, &typed.body, expected, viewer.actor(), app.clock.now()).await.map_err(Problem::from) {
        Ok(_) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect(&format!("/leads/{lead}#notes"), Some(Flash::success("Note saved."))))
        }
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::PreconditionFailed) => {
            Ok(refused(&viewer, lead, "Edit note", &format!("/notes/{id}/edit"), &typed, &problem))
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn delete(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<NoteId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let note = delete_note(&tx, &viewer, id, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/leads/{}#notes", note.lead_id), Some(Flash::success("Note deleted."))))
}

/// The form again with what was typed, and what is wrong with it.
fn refused(viewer: &Viewer, lead: LeadId, title: &str, action: &str, typed: &NoteForm, problem: &Problem) -> Response {
    let status = match problem.kind {
        ProblemKind::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    (status, page(viewer, lead, title, action, typed, Some(problem))).into_response()
}

fn page(viewer: &Viewer, lead: LeadId, title: &str, action: &str, typed: &NoteForm, problem: Option<&Problem>) -> Markup {
    let here = format!("/leads/{lead}");
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads"), ("Lead", &here)], title, "", html! {}))
        (ui::card("", html! {}, html! {
            form.form method="post" action=(action) {
                @if let Some(problem) = problem { @if problem.errors.is_empty() { (ui::form_error(&problem.detail)) } }
                (ui::hidden("version", &typed.version.to_string()))
                (Field::textarea("body", "Note", 8).value(&typed.body).error(problem.and_then(|problem| problem.of_field("body"))).required().autofocus())
                (ui::form_actions(html! { (Button::primary("Save note")) (Button::secondary("Cancel").href(&here)) }))
            }
        }))
    };
    viewer.page(Nav::Leads, title, content)
}
