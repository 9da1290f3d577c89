//! What happened lately, in sentences. Bulk is told once, with its number.

use std::collections::HashSet;

use kernel::{CampaignId, LeadId, Uuid};
use maud::{Markup, html};
use ui::{Icon, Tone};

use crate::store::home::{FEED, Happening};

const LINES: usize = 14;

/// One line of the feed: events of one kind, of which the newest gives the name.
pub(super) struct Line<'a> {
    first: &'a Happening,
    /// Whom it is about; somebody who opened twice is one.
    subjects: HashSet<Uuid>,
}

fn is_told(event: &Happening) -> bool {
    let by_machine = event.payload.get("machine").and_then(serde_json::Value::as_bool).unwrap_or(false);
    match event.kind.as_str() {
        "mail.opened" | "mail.clicked" => !by_machine,
        "mail.sent" | "mail.replied" | "mail.unsubscribed" | "mail.bounced" | "mail.complained" | "mail.failed" | "lead.created"
        | "lead.converted" | "import.finished" | "campaign.launched" | "campaign.paused" | "campaign.resumed" | "campaign.finished"
        | "scoring.changed" => true,
        // By itself a status follows a mail, which is told already.
        "lead.status_changed" | "lead.updated" | "lead.tagged" | "lead.owner_changed" => event.who.is_some(),
        _ => false,
    }
}

/// Folds events of one kind (and campaign, and person who did it) together, the newest first.
pub(super) fn lines(events: &[Happening]) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Vec::new();
    for event in events.iter().filter(|event| is_told(event)) {
        let same = |line: &&mut Line<'_>| {
            let first = line.first;
            first.kind == event.kind
                && first.campaign.as_ref().map(|c| c.0) == event.campaign.as_ref().map(|c| c.0)
                && first.who == event.who
                && first.payload.get("to") == event.payload.get("to")
        };
        match lines.iter_mut().find(same) {
            Some(line) => {
                line.subjects.insert(event.subject);
            }
            None => lines.push(Line { first: event, subjects: HashSet::from([event.subject]) }),
        }
    }
    lines.truncate(LINES);
    lines
}

/// The list.
pub(super) fn render(lines: &[Line<'_>], is_full: bool) -> Markup {
    if lines.is_empty() {
        return html! { p.muted { "Nothing has happened yet. Imports, mails, opens and answers appear here as they come in." } };
    }
    ui::timeline(html! {
        @for line in lines {
            @let (glyph, tone) = look(&line.first.kind);
            (ui::timeline_item(glyph, tone, sentence(line, is_full), ui::ago(line.first.at), html! {}))
        }
    })
}

fn look(kind: &str) -> (Icon, Tone) {
    match kind {
        "mail.replied" => (Icon::Reply, Tone::Success),
        "mail.clicked" => (Icon::Click, Tone::Accent),
        "mail.opened" => (Icon::MailOpen, Tone::Info),
        "mail.bounced" | "mail.failed" => (Icon::Bounce, Tone::Warning),
        "mail.unsubscribed" | "mail.complained" => (Icon::Suppression, Tone::Warning),
        "mail.sent" => (Icon::Mail, Tone::Neutral),
        "lead.converted" => (Icon::Check, Tone::Success),
        "import.finished" => (Icon::Import, Tone::Success),
        "campaign.launched" | "campaign.resumed" => (Icon::Play, Tone::Accent),
        "campaign.paused" => (Icon::Pause, Tone::Warning),
        "campaign.finished" => (Icon::Campaign, Tone::Success),
        "scoring.changed" => (Icon::Score, Tone::Neutral),
        "lead.created" => (Icon::Plus, Tone::Neutral),
        _ => (Icon::Leads, Tone::Neutral),
    }
}

fn sentence(line: &Line<'_>, is_full: bool) -> Markup {
    let event = line.first;
    // The events before the oldest one read are unknown: as many, or more.
    let count = i64::try_from(line.subjects.len()).unwrap_or_default();
    let more = if is_full && count > FEED / 2 { "at least " } else { "" };
    let who = || html! { (lead(event)) @if count > 1 { " and " (more) (ui::plural(count - 1, "other", "others")) } };
    let leads = || html! { @if count == 1 { (lead(event)) } @else { (more) (ui::plural(count, "lead", "leads")) } };
    let by = || html! { @if let Some(who) = &event.who { (who) } @else { "Leadline" } };
    match event.kind.as_str() {
        "mail.sent" => html! { (more) (ui::plural(count, "mail", "mails")) (of(event)) " sent" },
        "mail.failed" => html! { (more) (ui::plural(count, "mail", "mails")) (of(event)) " could not be sent" },
        "mail.opened" => html! { (who()) " opened a mail" (of(event)) },
        "mail.clicked" => html! { (who()) " clicked a link" (of(event)) },
        "mail.replied" => html! { (who()) " replied" (to(event)) },
        "mail.bounced" => html! { "A mail to " (who()) " bounced" },
        "mail.complained" => html! { (who()) " marked a mail as spam" },
        "mail.unsubscribed" => html! { (who()) " unsubscribed" },
        "lead.converted" => html! { (who()) " converted" },
        "lead.created" if count == 1 => html! { (lead(event)) " was added" @if let Some(who) = &event.who { " by " (who) } },
        "lead.created" => html! { (more) (ui::plural(count, "lead", "leads")) " were added" },
        "lead.updated" => html! { (by()) " edited " (leads()) },
        "lead.tagged" => html! { (by()) " tagged " (leads()) },
        "lead.owner_changed" => html! { (by()) " changed the owner of " (leads()) },
        "lead.status_changed" => html! {
            (by()) " moved " (leads()) @if let Some(status) = status(event) { " to " (status) }
        },
        "import.finished" => html! { "An import finished" },
        "campaign.launched" => html! { (by()) " launched " (campaign(event)) },
        "campaign.paused" => html! { (by()) " paused " (campaign(event)) },
        "campaign.resumed" => html! { (by()) " resumed " (campaign(event)) },
        "campaign.finished" => html! { (campaign(event)) " finished" },
        _ => html! { (by()) " changed the scoring weights" },
    }
}

fn status(event: &Happening) -> Option<&'static str> {
    let to = event.payload.get("to")?.as_str()?;
    to.parse::<leads::Status>().ok().map(leads::Status::label)
}

fn lead(event: &Happening) -> Markup {
    html! {
        @if event.lead.is_empty() { "A deleted lead" }
        @else { a href={ "/leads/" (LeadId::from(event.subject)) } { (event.lead) } }
    }
}

fn campaign(event: &Happening) -> Markup {
    html! { @match &event.campaign { Some((id, name)) => (link(*id, name)), None => "a campaign" } }
}

fn of(event: &Happening) -> Markup {
    html! { @if let Some((id, name)) = &event.campaign { " of " (link(*id, name)) } }
}

fn to(event: &Happening) -> Markup {
    html! { @if let Some((id, name)) = &event.campaign { " to " (link(*id, name)) } }
}

fn link(id: CampaignId, name: &str) -> Markup {
    html! { a href={ "/campaigns/" (id) } { (name) } }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn event(kind: &str, subject: u128, payload: serde_json::Value) -> Happening {
        Happening {
            kind: kind.to_owned(),
            subject: Uuid::from_u128(subject),
            at: Timestamp::UNIX_EPOCH,
            payload,
            lead: format!("Lead {subject}"),
            campaign: None,
            who: None,
        }
    }

    #[test]
    fn what_happened_to_many_is_one_line_and_machines_have_none() {
        let events = [
            event("mail.opened", 1, json!({})),
            event("mail.sent", 1, json!({})),
            event("mail.opened", 2, json!({ "machine": true })),
            event("mail.sent", 2, json!({})),
            event("lead.status_changed", 2, json!({ "to": "contacted" })),
            event("mail.opened", 3, json!({})),
            event("mail.opened", 1, json!({})),
        ];
        let lines = lines(&events);
        let told: Vec<(&str, usize)> = lines.iter().map(|line| (line.first.kind.as_str(), line.subjects.len())).collect();
        assert_eq!(told, [("mail.opened", 2), ("mail.sent", 2)]);
        assert!(sentence(&lines[0], false).into_string().ends_with("Lead 1</a> and 1 other opened a mail"));
        assert_eq!(sentence(&lines[1], false).into_string(), "2 mails sent");
    }
}
