use maud::{Markup, html};
use serde::Deserialize;
use ui::{Tab, Tone, table};

use crate::{
    LeadField,
    merge::Change,
    model::Import,
    pages::{n, number},
    trial::{Sample, Tally, Trial},
};

/// How many changes of a row are in view; the others unfold.
const CHANGES: usize = 2;

/// Which of a trial's rows are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(in crate::pages) enum Show {
    #[default]
    Created,
    Updated,
    Unchanged,
    Rejected,
    Conflicting,
    Suppressed,
}

impl Show {
    const ALL: [Self; 6] = [Self::Created, Self::Updated, Self::Unchanged, Self::Rejected, Self::Conflicting, Self::Suppressed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Rejected => "rejected",
            Self::Conflicting => "conflicting",
            Self::Suppressed => "suppressed",
        }
    }

    const fn label(self) -> &'static str {
        match self {
            Self::Created => "Created",
            Self::Updated => "Updated",
            Self::Unchanged => "Skipped",
            Self::Rejected => "Rejected",
            Self::Conflicting => "In conflict",
            Self::Suppressed => "Suppressed",
        }
    }

    const fn empty(self) -> &'static str {
        match self {
            Self::Created => "No row would create a lead.",
            Self::Updated => "No row would change a lead that you have.",
            Self::Unchanged => "No row would be skipped.",
            Self::Rejected => "No row would be rejected.",
            Self::Conflicting => "No row means two leads, and none says otherwise than an earlier one.",
            Self::Suppressed => "No address of the file is one that must not be written to.",
        }
    }

    const fn tally(self, trial: &Trial) -> &Tally {
        match self {
            Self::Created => &trial.created,
            Self::Updated => &trial.updated,
            Self::Unchanged => &trial.unchanged,
            Self::Rejected => &trial.rejected,
            Self::Conflicting => &trial.conflicting,
            Self::Suppressed => &trial.suppressed,
        }
    }
}

/// What the rows would do: how many of each kind, and the first of the kind that is looked at.
pub(super) fn trial(import: &Import, trial: &Trial, rows: u64, show: Option<Show>) -> Markup {
    // Unasked, what needs a look comes first.
    let show = show.unwrap_or_else(|| {
        let worth = [Show::Conflicting, Show::Rejected, Show::Updated, Show::Created];
        worth.into_iter().find(|show| show.tally(trial).count > 0).unwrap_or_default()
    });
    let here = format!("/imports/{}", import.id);
    let hrefs = Show::ALL.map(|show| format!("{here}?show={}", show.as_str()));
    let tabs: Vec<Tab<'_>> = Show::ALL
        .iter()
        .zip(&hrefs)
        .map(|(one, href)| Tab::new(one.label(), href, *one == show).count(n(one.tally(trial).count)))
        .collect();
    let live = format!("{here}?show={}", show.as_str());
    html! {
        section.stack id="trial" data-live={ "import:" (import.id) } hx-get=(live) hx-trigger="live" hx-select="#trial" hx-swap="outerMorph" {
            @if trial.complete {
                p.muted { "Nothing is written yet. All " (number(trial.rows)) " rows were tried against the leads you have; this is what they would do." }
            } @else {
                p.muted { "Nothing is written yet. Of the first " (number(trial.rows)) " rows of " (number(rows)) ", this is what they would do; the others are being tried." }
                (ui::progress("Rows tried", trial.rows, rows))
            }
            (ui::tabs("What the rows would do", &tabs))
            (ui::card_flush("", html! {}, samples(show, show.tally(trial))))
        }
    }
}

fn samples(show: Show, tally: &Tally) -> Markup {
    if tally.samples.is_empty() {
        return html! { p.muted.card-body { (show.empty()) } };
    }
    let more = tally.count.saturating_sub(tally.samples.len() as u64);
    html! {
        (table::wrap(show.label(), html! {
            table.table {
                thead { tr {
                    (table::th_num("Row"))
                    // Of a rejected row only its cells are known.
                    @if show == Show::Rejected { (table::th("Cells")) } @else { (table::th("Lead")) (table::th("Company")) }
                    @if shows_reason(show) { (table::th("Why")) }
                    @if shows_changes(show) { (table::th("Field: before → after")) }
                } }
                tbody { @for sample in &tally.samples { (row(show, sample)) } }
            }
        }))
        @if more > 0 { p.muted.card-body { "And " (number(more)) " more." } }
    }
}

const fn shows_reason(show: Show) -> bool {
    matches!(show, Show::Rejected | Show::Conflicting | Show::Suppressed)
}

const fn shows_changes(show: Show) -> bool {
    matches!(show, Show::Updated | Show::Conflicting)
}

fn row(show: Show, sample: &Sample) -> Markup {
    html! {
        tr {
            td.num data-label="Row" { (number(sample.row)) }
            @if show == Show::Rejected { td.is-quiet.is-wrap data-label="Cells" { (sample.name) } } @else {
                td.is-title.is-wrap data-label="Lead" { (ui::person(&sample.name, Some(sample.email.as_str()).filter(|email| !email.is_empty() && *email != sample.name))) }
                td data-label="Company" { (sample.company) }
            }
            @if shows_reason(show) { td.is-wrap data-label="Why" { (sample.reason) } }
            @if shows_changes(show) {
                td.is-wrap.is-long data-label="Field: before → after" { (changes(&sample.changes)) }
            }
        }
    }
}

/// The first of them; a row that means somebody else differs in everything.
fn changes(changes: &[Change]) -> Markup {
    let (first, rest) = changes.split_at(changes.len().min(CHANGES));
    html! {
        @for change in first { (line(change)) }
        @if !rest.is_empty() {
            details { summary.muted { (ui::plural(n(rest.len() as u64), "more field", "more fields")) } @for change in rest { (line(change)) } }
        }
    }
}

fn line(change: &Change) -> Markup {
    let own = change.field.strip_prefix("custom.").unwrap_or(&change.field);
    let label = LeadField::ALL.iter().find(|field| field.as_str() == change.field).map_or(own, |field| field.label());
    html! { div { (ui::badge(Tone::Neutral, label)) " " @if change.before.is_empty() { span.muted { "empty" } } @else { (change.before) } " → " (change.after) } }
}
