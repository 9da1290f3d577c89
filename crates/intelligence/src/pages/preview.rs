//! What the typed weights would do.

use maud::{Markup, html};
use ui::{
    Icon,
    chart::{Bar, bars},
};

use crate::actions::preview::{Example, Preview};

/// The distribution and a few leads; refetched as the form changes.
pub(super) fn section(preview: Option<&Preview>) -> Markup {
    html! {
        section.stack #preview hx-post="/settings/scoring/preview" hx-include="#scoring-form" hx-trigger="input from:#scoring-form delay:400ms"
            hx-select="#preview" hx-swap="outerMorph" aria-live="polite" {
            @match preview {
                None => (ui::card("Preview", html! {}, html! { p.muted { "The preview is back as soon as every field is right." } })),
                Some(preview) if preview.sampled == 0 => (ui::card("Preview", html! {}, ui::empty_state(
                    Icon::Score, "No leads to preview with", "Import a file or add a lead: then this shows how your weights spread them from 0 to 100.",
                    html! { (ui::Button::secondary("Import a file").icon(Icon::Upload).href("/imports/new")) },
                ))),
                Some(preview) => (filled(preview)),
            }
        }
    }
}

fn filled(preview: &Preview) -> Markup {
    let title = if preview.is_partial {
        format!("The newest {} of your leads by score", ui::number(preview.sampled))
    } else {
        format!("{} by score", ui::plural(preview.sampled, "lead", "leads"))
    };
    let histogram: Vec<Bar> = preview
        .histogram
        .iter()
        .rev()
        .map(|bucket| Bar { label: format!("{}–{}", bucket.from, bucket.to), value: bucket.leads, href: None })
        .collect();
    html! {
        (ui::card("Preview", html! {}, bars(&title, "Leads", &histogram)))
        (ui::card("Examples, from the best to the worst", html! {}, html! { div.stack { @for example in &preview.examples { (lead(example)) } } }))
    }
}

fn lead(example: &Example) -> Markup {
    let name = if example.name.is_empty() { "Unnamed lead" } else { &example.name };
    let reasons: Vec<(String, i64)> = example.score.reasons.iter().map(|line| (line.reason.clone(), i64::from(line.points))).collect();
    let change = example.score.score - example.score_now;
    html! {
        div {
            p {
                a href={ "/leads/" (example.id) } { (name) }
                @if !example.company.is_empty() { span.muted { " · " (example.company) } }
                @if change != 0 { span.muted { " · now " (example.score_now) " (" (ui::signed(i64::from(change))) ")" } }
            }
            (ui::score_reasons(i64::from(example.score.score), &reasons))
        }
    }
}
