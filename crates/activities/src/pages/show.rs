//! How notes and tasks look wherever they appear.

use identity::{Member, Viewer};
use jiff::Timestamp;
use kernel::UserId;
use maud::{Markup, html};
use ui::{Button, Icon, Tone};

use crate::{
    actions::delete_note::may_delete,
    model::{Due, Note, Priority, Task},
};

/// The name of a colleague, also of one who has left.
pub(super) fn name(members: &[Member], id: Option<UserId>) -> &str {
    match id {
        None => "Nobody",
        Some(id) => members.iter().find(|member| member.id == id).map_or("a former colleague", |member| member.name.as_str()),
    }
}

/// (value, label) pairs for a select of assignees.
pub(super) fn assignees(members: &[Member]) -> Vec<(String, String)> {
    let nobody = [(String::new(), "Nobody yet".to_owned())];
    nobody.into_iter().chain(members.iter().map(|member| (member.id.to_string(), member.name.clone()))).collect()
}

/// Whether a task that is not done should have been.
pub(super) fn is_overdue(task: &Task, now: Timestamp) -> bool {
    task.done_at.is_none() && task.due.is_some_and(|due| due.moment() <= now)
}

/// When it is due, in words near today.
pub(super) fn due(task: &Task, now: Timestamp) -> Markup {
    let Some(due) = task.due else { return html! {} };
    let today = Due::At(now).day();
    let far = || due.day().strftime("%-d %b %Y").to_string();
    let day = match due.day() {
        day if day == today => "Today".to_owned(),
        day if today.tomorrow().is_ok_and(|next| next == day) => "Tomorrow".to_owned(),
        day if today.yesterday().is_ok_and(|last| last == day) => "Yesterday".to_owned(),
        _ => far(),
    };
    html! {
        @match due {
            Due::At(at) => (ui::datetime(at)),
            Due::Day(_) => time datetime=(due) title=(far()) { (day) },
        }
        @if is_overdue(task, now) { " " (ui::badge(Tone::Danger, "overdue")) }
    }
}

/// Worth a word only if it is not as usual.
pub(super) fn priority(priority: Priority) -> Markup {
    html! {
        @match priority {
            Priority::High => (ui::badge(Tone::Warning, "High")),
            Priority::Normal => {},
            Priority::Low => (ui::badge(Tone::Neutral, "Low")),
        }
    }
}

/// A note: who wrote what when, and what its reader may do with it.
pub(super) fn note(note: &Note, members: &[Member], viewer: &Viewer, may_write: bool) -> Markup {
    let (is_own, href) = (note.author_id == Some(viewer.user_id), format!("/notes/{}", note.id));
    let when = html! {
        (ui::ago(note.created_at))
        @if note.is_edited() { ", edited" }
    };
    let details = html! {
        div.note-text #{ (note.id) } { (note.body) }
        @if may_write && (is_own || may_delete(viewer, note)) {
            (ui::button_row(html! {
                @if is_own { (Button::ghost("Edit").small().href(format!("{href}/edit"))) }
                @if may_delete(viewer, note) {
                    form method="post" action={ (href) "/delete" } { (Button::ghost("Delete").small().confirm("Delete this note? It is gone for good.")) }
                }
            }))
        }
    };
    ui::timeline_item(Icon::Document, Tone::Neutral, html! { strong { (name(members, note.author_id)) } }, when, details)
}
