use axum::extract::State as Extract;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{Can, LeadsRead, Member, Permission, Viewer};
use jiff::Timestamp;
use kernel::ChangeSetId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Pager, Tone, table};

use crate::changes::{
    model::{ChangeSet, State},
    store,
};

const ROWS: i64 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    cursor: Option<String>,
}

/// What has been changed in bulk, newest first.
pub(super) async fn list(Extract(app): Extract<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let before = query.cursor.as_deref().map(Cursor::decode::<(Timestamp, ChangeSetId)>).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut sets = store::list(&tx, before, ROWS + 1).await?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let kept = usize::try_from(ROWS).unwrap_or_default();
    let more = sets.len() > kept;
    sets.truncate(kept);
    let next = sets.last().filter(|_| more).map(|set| format!("/changes?cursor={}", Cursor::encode(&(set.made_at, set.id))));
    let now = app.clock.now();
    let content = html! {
        (ui::page_header("Changes", "Imports, merges, bulk changes and deletions of the last 30 days. Each can be undone.", html! {}))
        // A list that shows work in progress follows it.
        div #changes.stack data-live="lead" hx-get="/changes" hx-trigger="live" hx-select="#changes" hx-swap="outerMorph" {
            @if sets.is_empty() {
                (ui::empty_state(Icon::Undo, "Nothing to undo", "Imports, merges, bulk changes and deletions appear here and can be undone for 30 days.", html! {
                    (Button::secondary("Back to leads").href("/leads"))
                }))
            } @else {
                (rows(&sets, &members, &viewer, now))
                (Pager::new(ui::plural(i64::try_from(sets.len()).unwrap_or_default(), "change set", "change sets")).next(next))
            }
        }
    };
    Ok(viewer.page(Nav::Changes, "Changes", content))
}

fn rows(sets: &[ChangeSet], members: &[Member], viewer: &Viewer, now: Timestamp) -> Markup {
    table::wrap(
        "Changes",
        html! {
            table.table {
                thead { tr { (table::th("What")) (table::th("By")) (table::th("When")) (table::th("Rows")) (table::th("State")) (table::th("Undo until")) (table::th_actions()) } }
                tbody {
                    @for set in sets {
                        @let href = format!("/changes/{}", set.id);
                        tr id=(set.id) data-row data-href=(href) {
                            td.is-title data-label="What" { a href=(href) { (set.title) } " " (ui::badge(Tone::Neutral, set.kind.label())) }
                            td.is-quiet data-label="By" { (who(set.made_by, members)) }
                            td.is-quiet data-label="When" { (ui::ago(set.made_at)) }
                            td.is-quiet.is-wrap data-label="Rows" { (counts(set)) }
                            td data-label="State" { (state(set)) }
                            td.is-quiet data-label="Undo until" { @if set.is_undoable(now) { (ui::date(set.undoable_until)) } }
                            td.is-actions { (undo_button(set, viewer, now, true)) }
                        }
                    }
                }
            }
        },
    )
}

/// Who did it.
pub(super) fn who(id: Option<kernel::UserId>, members: &[Member]) -> &str {
    id.map_or("Leadline", |id| members.iter().find(|member| member.id == id).map_or("A former colleague", |member| member.name.as_str()))
}

/// "1,204 leads created, 80 accounts created".
pub(super) fn counts(set: &ChangeSet) -> String {
    if set.counts.is_empty() {
        return "Nothing so far".to_owned();
    }
    set.counts.iter().map(super::super::Count::sentence).collect::<Vec<_>>().join(", ")
}

pub(super) fn state(set: &ChangeSet) -> Markup {
    match set.state {
        State::Open => ui::status_running(Tone::Accent, "Going on"),
        State::Done => ui::status_dot(Tone::Neutral, "Done"),
        State::Undoing if set.is_stopping => ui::status_running(Tone::Warning, "Stopping"),
        State::Undoing => ui::status_running(Tone::Accent, "Being undone"),
        State::Stopped => ui::status_dot(Tone::Warning, "Undoing stopped"),
        State::Undone => ui::status_dot(Tone::Success, "Undone"),
        State::PartlyUndone => ui::status_dot(Tone::Warning, "Undone in part"),
    }
}

/// The button that undoes it, for whoever may.
pub(super) fn undo_button(set: &ChangeSet, viewer: &Viewer, now: Timestamp, small: bool) -> Markup {
    let label = if set.state == State::Stopped { "Go on undoing" } else { "Undo" };
    let question = format!("Undo “{}”? {}. Rows that somebody has changed since are left as they are and listed.", set.title, counts(set));
    let button = Button::secondary(label).icon(Icon::Undo).confirm(question);
    html! {
        @if set.is_undoable(now) && viewer.may(Permission::LeadsWrite) {
            form method="post" action={ "/changes/" (set.id) "/undo" } { (if small { button.small() } else { button }) }
        }
    }
}
