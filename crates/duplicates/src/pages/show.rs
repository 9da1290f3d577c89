//! Pieces that several of the screens have.

use leads::Lead;
use maud::{Markup, html};
use ui::Tone;

use crate::model::Evidence;

/// `99.7 %`; what is nearly certain does not read as certain.
pub(super) fn percent(probability: f64) -> String {
    let percent = probability * 100.0;
    if percent >= 99.95 {
        "> 99.9 %".to_owned()
    } else if percent >= 99.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// The probability as a badge.
pub(super) fn probability(probability: f64) -> Markup {
    let tone = match probability {
        p if p >= 0.995 => Tone::Success,
        p if p >= 0.95 => Tone::Info,
        _ => Tone::Warning,
    };
    ui::badge(tone, &percent(probability))
}

/// What speaks for and against, the weightiest first.
pub(super) fn reasons(evidence: &[Evidence], most: usize) -> Markup {
    let mut sorted: Vec<&Evidence> = evidence.iter().collect();
    sorted.sort_by(|a, b| b.bits.abs().total_cmp(&a.bits.abs()));
    html! {
        @for evidence in sorted.into_iter().take(most) {
            (ui::badge(if evidence.bits > 0.0 { Tone::Neutral } else { Tone::Warning }, evidence.says())) " "
        }
    }
}

/// A lead in one line and what tells it from others.
pub(super) fn person(lead: &Lead) -> Markup {
    let company = if lead.company_name.is_empty() { &lead.company_domain } else { &lead.company_name };
    let details: Vec<&str> = [company.as_str(), lead.email.as_deref().unwrap_or_default(), lead.phone.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    let details = details.join(" · ");
    ui::person(&lead.display_name(), (!details.is_empty()).then_some(details.as_str()))
}
