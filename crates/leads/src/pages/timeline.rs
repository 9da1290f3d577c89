//! Events as sentences.

use identity::Member;
use kernel::{AccountId, CampaignId, ChangeSetId, ImportId, NoteId, TaskId, Uuid};
use maud::{Markup, html};
use serde_json::Value;
use ui::{Icon, Tone};

use super::show;
use crate::{
    filter::{DateField, NumberField, TextField},
    model::Status,
    store::timeline::TimelineEvent,
};

/// One event: icon, sentence, who and when.
pub(super) fn item(event: &TimelineEvent, members: &[Member]) -> Markup {
    let (icon, tone, sentence, details) = words(event, members);
    let sentence = html! { (sentence) (context(&event.payload)) };
    let who = actor(&event.actor, members);
    let when = html! { @if let Some(who) = who { "by " (who) " " } (ui::ago(event.at)) };
    ui::timeline_item(icon, tone, sentence, when, details)
}

/// The person who did it; what happens by itself needs no name.
fn actor<'a>(actor: &str, members: &'a [Member]) -> Option<&'a str> {
    let id = actor.strip_prefix("user:")?.parse::<Uuid>().ok()?;
    Some(show::member(members, id.into()).unwrap_or("a former colleague"))
}

/// What it was part of, where it was not done to this lead alone.
fn context(payload: &Value) -> Markup {
    let id = |key: &str| payload.get(key).and_then(Value::as_str);
    let import = id("import_id").and_then(|id| id.parse::<ImportId>().ok().or_else(|| id.parse().ok().map(|id: Uuid| id.into())));
    let change = id("change_set_id").and_then(|id| id.parse::<ChangeSetId>().ok().or_else(|| id.parse().ok().map(|id: Uuid| id.into())));
    let is_bulk = payload.get("bulk").and_then(Value::as_bool).unwrap_or(false);
    html! {
        @match (import, change) {
            (Some(id), _) => { ", by an " a href={ "/imports/" (id) } { "import" } }
            (None, Some(id)) => { ", in a " a href={ "/changes/" (id) } { "change of several leads" } }
            (None, None) if payload.get("undoes").is_some() => ", by undoing a change of several leads",
            (None, None) => { @if is_bulk { ", together with other leads" } }
        }
    }
}

fn words(event: &TimelineEvent, members: &[Member]) -> (Icon, Tone, Markup, Markup) {
    let payload = &event.payload;
    let text = |key: &str| payload.get(key).and_then(Value::as_str).unwrap_or_default();
    let plain = |text: &str| html! { (text) };
    let none = || html! {};
    let step = step(payload);
    // Programs fetch pictures and follow links before people do; what they did is marked.
    let machine = || {
        let is_machine = payload.get("machine").and_then(Value::as_bool).unwrap_or(false);
        html! { @if is_machine { (ui::badge(Tone::Neutral, "probably a machine")) } }
    };
    match event.kind.as_str() {
        "lead.created" => {
            let imported = payload.get("import_id").is_some();
            let sentence = match text("source") {
                "" | "manual" => plain(if imported { "Imported" } else { "Added by hand" }),
                source if imported => html! { "Imported, source " (source) },
                source => html! { "Added, source " (source) },
            };
            (if imported { Icon::Import } else { Icon::Plus }, Tone::Neutral, sentence, none())
        }
        "lead.updated" => {
            let from_account = payload.get("account_id").and_then(Value::as_str).and_then(|id| id.parse::<AccountId>().ok());
            let fields = fields(payload);
            let sentence = match from_account {
                Some(id) => html! { (fields) " changed with the " a href={ "/accounts/" (id) } { "account" } },
                None => html! { (fields) " changed" },
            };
            (Icon::Edit, Tone::Neutral, sentence, none())
        }
        "lead.status_changed" => {
            let label = |key: &str| text(key).parse::<Status>().map_or("", Status::label);
            let tone = text("to").parse().map_or(Tone::Neutral, show::tone);
            (Icon::ArrowRight, tone, html! { "Status changed from " (label("from")) " to " strong { (label("to")) } }, none())
        }
        "lead.converted" => (Icon::Check, Tone::Success, plain("Converted"), none()),
        "lead.owner_changed" => {
            let name =
                |key: &str| text(key).parse::<Uuid>().ok().map(|id| show::member(members, id.into()).unwrap_or("a former colleague"));
            let sentence = match (name("from"), name("to")) {
                (_, Some(to)) => html! { "Given to " strong { (to) } },
                (Some(from), None) => html! { "Taken from " (from) ", nobody owns it now" },
                (None, None) => plain("Owner changed"),
            };
            (Icon::User, Tone::Neutral, sentence, none())
        }
        "lead.tagged" => {
            let list = |key: &str| {
                payload
                    .get(key)
                    .and_then(Value::as_array)
                    .map(|tags| tags.iter().filter_map(Value::as_str).collect::<Vec<_>>())
                    .unwrap_or_default()
            };
            let (added, removed) = (list("added"), list("removed"));
            let sentence = html! {
                @if !added.is_empty() { "Tagged " (ui::tags(&added, 5)) }
                @if !added.is_empty() && !removed.is_empty() { ", " }
                @if !removed.is_empty() { @if added.is_empty() { "Untagged " } @else { "untagged " } (ui::tags(&removed, 5)) }
            };
            (Icon::Tag, Tone::Neutral, sentence, none())
        }
        "lead.merged" => (Icon::Link, Tone::Violet, plain("Another lead was merged into this one"), none()),
        "lead.deleted" => (Icon::Trash, Tone::Danger, plain("Deleted"), none()),
        "lead.restored" => (Icon::Undo, Tone::Success, plain("Brought back"), none()),
        "mail.sent" => (Icon::Mail, Tone::Neutral, html! { "Sent " (step) }, none()),
        "mail.delivered" => (Icon::Check, Tone::Success, html! { "Delivered: " (step) }, none()),
        "mail.opened" => (Icon::MailOpen, Tone::Info, html! { "Opened " (step) }, machine()),
        "mail.clicked" => {
            let url = text("url");
            let sentence = html! { "Clicked " @if url.is_empty() { "a link" } @else { (bare(url)) } " in " (step) };
            (Icon::Click, Tone::Accent, sentence, machine())
        }
        "mail.replied" => (Icon::Reply, Tone::Success, html! { "Replied to " (step) }, none()),
        "mail.bounced" => (Icon::Bounce, Tone::Danger, html! { "Bounced: " (step) }, plain(text("reason"))),
        "mail.failed" => (Icon::Alert, Tone::Danger, html! { "Could not be sent: " (step) }, plain(text("reason"))),
        "mail.complained" => (Icon::Alert, Tone::Danger, html! { "Marked as spam: " (step) }, none()),
        "mail.unsubscribed" => (Icon::Suppression, Tone::Warning, plain("Unsubscribed"), none()),
        "mail.resubscribed" => (Icon::Undo, Tone::Success, plain("Took back the unsubscription"), none()),
        "mail.skipped" => (Icon::Info, Tone::Neutral, html! { "Left out: " (step) }, plain(text("reason"))),
        "note.added" => (Icon::Document, Tone::Neutral, html! { "Wrote a " (note(payload)) }, none()),
        "note.changed" => (Icon::Document, Tone::Neutral, html! { "Changed a " (note(payload)) }, none()),
        "note.deleted" => (Icon::Document, Tone::Neutral, plain("Deleted a note"), none()),
        "task.created" => (Icon::Task, Tone::Neutral, html! { "Added a " (task(payload)) (due(payload)) }, none()),
        "task.changed" => {
            (Icon::Task, Tone::Neutral, html! { "Changed the " (fields(payload).to_lowercase()) " of a " (task(payload)) }, none())
        }
        "task.completed" => (Icon::Check, Tone::Success, html! { "Finished a " (task(payload)) }, none()),
        "task.reopened" => (Icon::Task, Tone::Neutral, html! { "Reopened a " (task(payload)) }, none()),
        "task.deleted" => (Icon::Task, Tone::Neutral, plain("Deleted a task"), none()),
        other => (Icon::Clock, Tone::Neutral, html! { (other.replace(['.', '_'], " ")) }, none()),
    }
}

/// The note, where it stands on the same page; its text is not in the log.
fn note(payload: &Value) -> Markup {
    let id = payload.get("note_id").and_then(Value::as_str).and_then(|id| id.parse::<NoteId>().ok());
    html! { @match id { Some(id) => a href={ "#" (id) } { "note" }, None => "note" } }
}

fn task(payload: &Value) -> Markup {
    let id = payload.get("task_id").and_then(Value::as_str).and_then(|id| id.parse::<TaskId>().ok());
    html! { @match id { Some(id) => a href={ "/tasks/" (id) "/edit" } { "task" }, None => "task" } }
}

/// The day on which a task is due, if it has one.
fn due(payload: &Value) -> Markup {
    let day = payload.get("due").and_then(Value::as_str).and_then(|due| due.get(..10));
    html! { @if let Some(day) = day { " due on " time datetime=(day) { (day) } } }
}

/// `step 2 of Autumn outreach`, as far as the payload tells.
fn step(payload: &Value) -> Markup {
    let number = payload.get("step_no").and_then(Value::as_i64);
    let id = payload.get("campaign_id").and_then(Value::as_str);
    let id = id.and_then(|text| text.parse::<CampaignId>().ok().or_else(|| text.parse::<Uuid>().ok().map(CampaignId::from)));
    let name = payload.get("campaign").and_then(Value::as_str).unwrap_or("a campaign");
    html! {
        @match number { Some(number) => { "step " (number) " of " } None => {} }
        @match id { Some(id) => a href={ "/campaigns/" (id) } { (name) }, None => (name) }
    }
}

/// An address without what identifies the reader.
fn bare(url: &str) -> &str {
    let url = url.split_once("://").map_or(url, |(_, rest)| rest);
    url.split(['?', '#']).next().unwrap_or(url).trim_end_matches('/')
}

/// `First name, Title and 3 more`.
fn fields(payload: &Value) -> String {
    let names: Vec<&str> =
        payload.get("fields").and_then(Value::as_array).map(|names| names.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
    let label = |name: &str| {
        TextField::of(name)
            .map(TextField::label)
            .or_else(|| NumberField::of(name).map(NumberField::label))
            .or_else(|| DateField::of(name).map(DateField::label))
            .map_or_else(|| if name == "custom" { "Custom fields".to_owned() } else { name.replace('_', " ") }, str::to_owned)
    };
    match names.as_slice() {
        [] => "Something".to_owned(),
        [one] => label(one),
        [first, second] => format!("{} and {}", label(first), label(second).to_lowercase()),
        [first, second, rest @ ..] => format!("{}, {} and {} more", label(first), label(second).to_lowercase(), rest.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_kind_is_a_sentence_and_nothing_from_outside_is_markup() {
        let kinds = [
            "lead.created",
            "lead.updated",
            "lead.status_changed",
            "lead.converted",
            "lead.owner_changed",
            "lead.tagged",
            "mail.sent",
            "mail.delivered",
            "mail.opened",
            "mail.clicked",
            "mail.replied",
            "mail.bounced",
            "mail.failed",
            "mail.complained",
            "mail.unsubscribed",
            "mail.resubscribed",
            "mail.skipped",
            "lead.merged",
            "lead.restored",
            "note.added",
            "note.changed",
            "note.deleted",
            "task.created",
            "task.changed",
            "task.completed",
            "task.reopened",
            "task.deleted",
            "some.other",
        ];
        let payload = json!({
            "source": "<b>", "fields": ["first_name", "custom"], "from": "new", "to": "converted", "added": ["<b>"], "url": "https://x.example/<b>?who=1",
            "reason": "<b>", "campaign": "<b>", "step_no": 2, "campaign_id": CampaignId::new().to_string(), "machine": true,
            "note_id": "<b>", "task_id": "<b>", "due": "<b>2026-01-31", "import_id": "<b>", "bulk": true,
        });
        for kind in kinds {
            let event = TimelineEvent {
                seq: 1,
                kind: kind.to_owned(),
                actor: "system".to_owned(),
                at: jiff::Timestamp::UNIX_EPOCH,
                payload: payload.clone(),
            };
            let html = item(&event, &[]).into_string();
            assert!(html.contains("timeline-line") && !html.contains("<b>") && !html.contains("who=1"), "{kind}: {html}");
        }
    }
}
