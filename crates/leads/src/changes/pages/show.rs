use axum::extract::State as Extract;
use http_kit::{ApiPath, ApiQuery, App, Cursor, Problem};
use identity::{Can, LeadsRead, Member, Permission};
use kernel::ChangeSetId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Pager, Tone};

use super::{
    history::{counts, state, undo_button, who},
    rows,
};
use crate::changes::{
    model::{ChangeSet, State},
    store,
};

const ROWS: i64 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    cursor: Option<String>,
    /// Where the list of conflicts goes on.
    conflicts: Option<String>,
}

/// One change set: how much, row by row, and how undoing went.
pub(super) async fn show(
    Extract(app): Extract<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ChangeSetId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let place = query.cursor.as_deref().map(Cursor::decode::<(i64, i64)>).transpose()?.unwrap_or_default();
    let after = query.conflicts.as_deref().map(Cursor::decode::<i64>).transpose()?.unwrap_or_default();
    let tx = app.db.tenant(&viewer.scope).await?;
    let set = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let mut changed = store::rows(&tx, id, place, ROWS + 1).await?;
    let mut conflicts = if set.undo_conflicts > 0 { store::conflicts(&tx, id, after, ROWS + 1).await? } else { Vec::new() };
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let kept = usize::try_from(ROWS).unwrap_or_default();
    let more_rows = changed.len() > kept;
    let more_conflicts = conflicts.len() > kept;
    changed.truncate(kept);
    conflicts.truncate(kept);
    let next_rows = changed.last().filter(|_| more_rows).map(|row| format!("/changes/{id}?cursor={}#rows", Cursor::encode(&row.place)));
    let next_conflicts =
        conflicts.last().filter(|_| more_conflicts).map(|row| format!("/changes/{id}?conflicts={}#conflicts", Cursor::encode(&row.place)));
    let now = app.clock.now();
    let href = format!("/changes/{id}");
    // The same place of both lists, so that what follows the work stays where somebody reads.
    let places = [("cursor", query.cursor.as_deref()), ("conflicts", query.conflicts.as_deref())];
    let places = places.into_iter().filter_map(|(name, place)| Some((name, place?)));
    let live = format!("{href}?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(places).finish());
    let running = matches!(set.state, State::Open | State::Undoing);
    let content = html! {
        (ui::page_header_under(&[("Changes", "/changes")], &set.title, &counts(&set), html! { (undo_button(&set, &viewer, now, false)) }))
        // Each stretch writes events about leads, so the page follows them; the timer is for the last word.
        div #state.stack data-live=[running.then_some("lead")] hx-get=[running.then_some(&live)] hx-trigger=[running.then_some("live, every 2s")] hx-select="#state" hx-swap="outerMorph" {
            (ui::card(set.kind.label(), state(&set), html! { div.stack {
                (facts(&set, &members, set.is_undoable(now)))
                (undoing(&set, viewer.may(Permission::LeadsWrite)))
            } }))
            @if !conflicts.is_empty() {
                section #conflicts.stack {
                    (ui::card_flush("Left as they are", html! { (Button::secondary("Download").small().icon(Icon::Download).href(format!("{href}/conflicts.csv"))) },
                        rows::conflicts(&conflicts, &members)))
                    (Pager::new(format!("{} left as they are", ui::plural(set.undo_conflicts, "row", "rows"))).next(next_conflicts))
                }
            }
            section #rows.stack {
                @if changed.is_empty() {
                    (ui::empty_state(Icon::Clock, "No rows yet", "The rows appear here as soon as the work has changed the first ones.", html! {}))
                } @else {
                    (ui::card_flush("Rows, in the order in which they were changed", html! {}, rows::changed(&changed, &members)))
                    (Pager::new(format!("{} in all", ui::plural(set.rows(), "change", "changes"))).next(next_rows))
                }
            }
        }
    };
    Ok(viewer.page(Nav::Changes, &set.title, content))
}

fn facts(set: &ChangeSet, members: &[Member], undoable: bool) -> Markup {
    let mut facts = vec![("By", html! { (who(set.made_by, members)) }), ("When", ui::datetime(set.made_at))];
    if undoable {
        facts.push(("Can be undone until", ui::datetime(set.undoable_until)));
    }
    if let Some(at) = set.undone_at {
        facts.push(("Undone", html! { (ui::datetime(at)) ", by " (who(set.undone_by, members)) }));
    }
    ui::definition_list(facts)
}

fn undoing(set: &ChangeSet, may_write: bool) -> Markup {
    let (seen, total) = (u64::try_from(set.undo_seen).unwrap_or_default(), u64::try_from(set.rows()).unwrap_or_default());
    let back = format!("{} put back", ui::plural(set.undo_done, "row", "rows"));
    let left = format!("{} left as they are, because they were changed since", ui::plural(set.undo_conflicts, "row", "rows"));
    html! {
        @match set.state {
            State::Open => p.muted { "The work goes on. Once it has ended, it can be undone." },
            State::Done => {}
            State::Undoing => {
                (ui::progress("Changes undone", seen, total))
                p.muted { (back) " so far" @if set.undo_conflicts > 0 { "; " (left) } ". You can leave this page; the work goes on." }
                @if may_write && !set.is_stopping {
                    form method="post" action={ "/changes/" (set.id) "/stop" } { (Button::secondary("Stop").icon(Icon::Stop).confirm("Stop here? What was put back stays so, and undoing can go on later.")) }
                }
            }
            State::Stopped => (ui::notice(Tone::Warning, format!("Undoing stopped after {} of {} changes: {back}. It can go on.", ui::number(set.undo_seen), ui::number(set.rows())))),
            State::Undone => p { (back) ": everything is as it was before." },
            State::PartlyUndone => (ui::notice(Tone::Warning, format!("{back}. {left}."))),
        }
    }
}
