//! The first page, and analytics.

mod analytics;
mod campaign;
mod feed;
mod home;
mod queue;

use http_kit::Routes;
use leads::Status;
use maud::Markup;
use ui::Tone;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new().get("/", home::show).get("/insights", analytics::show).get("/insights/campaigns/{id}", campaign::show)
}

/// When a live fragment asks for itself: at once, and again a moment after the last event, because the
/// counters follow the events they count.
const LIVE: &str = "live, live delay:1500ms";

fn campaign_status(status: &str) -> Markup {
    match status {
        "running" => ui::status_running(Tone::Success, "Running"),
        "paused" => ui::status_dot(Tone::Warning, "Paused"),
        "finished" => ui::status_dot(Tone::Accent, "Finished"),
        "deleted" => ui::status_dot(Tone::Neutral, "Deleted"),
        _ => ui::status_dot(Tone::Neutral, "Draft"),
    }
}

/// The name of a campaign that may be gone.
fn campaign_name(name: &str) -> &str {
    if name.is_empty() { "A deleted campaign" } else { name }
}

/// How the number moved against the one before; `up_is_good` gives the colour its sense.
fn moved(now: i64, before: i64, up_is_good: bool) -> (Tone, String) {
    let change = now - before;
    let tone = match change {
        0 => Tone::Neutral,
        _ if (change > 0) == up_is_good => Tone::Success,
        _ => Tone::Danger,
    };
    let text = if change == 0 {
        "as before".to_owned()
    } else {
        format!("{}{}", if change > 0 { "+" } else { "\u{2212}" }, ui::number(change.abs()))
    };
    (tone, text)
}

/// The stage's words in the funnel.
fn stage_label(stage: &str) -> &'static str {
    match stage {
        "created" => "Imported or added",
        "contacted" => "Contacted",
        "opened" => "Opened",
        "replied" => "Replied",
        _ => "Converted",
    }
}

fn status_href(status: Status) -> String {
    crate::filter::with_status(status)
}
