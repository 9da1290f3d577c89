use axum::extract::State;
use http_kit::{ApiPath, ApiQuery, App, Cursor, Problem};
use identity::{Can, LeadsRead, Permission};
use jiff::Timestamp;
use kernel::{LeadId, NoteId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Nav, table::Pager};

use super::show;
use crate::store;

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    cursor: String,
}

/// Every note of a lead, the newest first.
pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<LeadId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let before = (!query.cursor.is_empty()).then(|| Cursor::decode::<(Timestamp, NoteId)>(&query.cursor)).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = leads::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let mut notes = store::notes::list(&tx, id, before, PAGE as i64 + 1).await?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let more = notes.len() > PAGE;
    notes.truncate(PAGE);
    let here = format!("/leads/{id}/notes");
    let next = notes.last().filter(|_| more).map(|last| format!("{here}?cursor={}", Cursor::encode(&(last.created_at, last.id))));
    let name = lead.display_name();
    let may_write = viewer.may(Permission::LeadsWrite);
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads"), (&name, &format!("/leads/{id}"))], "Notes", "", html! {}))
        (ui::card("", html! {}, html! {
            @if notes.is_empty() { p.muted { "There is no older note." } }
            (ui::timeline(html! { @for note in &notes { (show::note(note, &members, &viewer, may_write)) } }))
        }))
        (Pager::new(ui::plural(notes.len() as i64, "note", "notes")).previous(before.map(|_| here.clone())).next(next))
    };
    Ok(viewer.page(Nav::Leads, &format!("Notes about {name}"), content))
}
