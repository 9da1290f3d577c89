//! Small marks inside text and rows: status, score, tags, people.

use maud::{Markup, html};

use crate::icons::{Icon, icon};

/// What a colour says. There is one accent; the others only ever mark a state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Tone {
    #[default]
    Neutral,
    Accent,
    Info,
    Success,
    Warning,
    Danger,
    /// For a fifth category beside the others (a qualified lead); carries no judgement.
    Violet,
}

impl Tone {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Neutral => "is-neutral",
            Self::Accent => "is-accent",
            Self::Info => "is-info",
            Self::Success => "is-success",
            Self::Warning => "is-warning",
            Self::Danger => "is-danger",
            Self::Violet => "is-violet",
        }
    }
}

/// A status: small coloured dot and the word. The word carries the meaning, the dot only helps the eye.
pub fn status_dot(tone: Tone, word: &str) -> Markup {
    html! { span.status.(tone.class()) { span.dot aria-hidden="true" {} (word) } }
}

/// Like [`status_dot`] with a pulsing dot: something is running right now.
pub fn status_running(tone: Tone, word: &str) -> Markup {
    html! { span.status.is-running.(tone.class()) { span.dot aria-hidden="true" {} (word) } }
}

/// A tag or count in a quiet box.
pub fn badge(tone: Tone, text: &str) -> Markup {
    html! { span.badge.(tone.class()) { (text) } }
}

/// Tags after each other; more than `limit` are folded into "+3" whose tooltip lists them.
pub fn tags<S: AsRef<str>>(tags: &[S], limit: usize) -> Markup {
    let rest: Vec<&str> = tags.iter().skip(limit).map(AsRef::as_ref).collect();
    html! {
        span.tags {
            @for tag in tags.iter().take(limit) { span.tag { (tag.as_ref()) } }
            @if !rest.is_empty() { span.tag.is-rest title=(rest.join(", ")) { "+" (rest.len()) } }
        }
    }
}

/// A score from 0 to 100 as a number with a small bar. From 70 it is hot, from 40 warm.
pub fn score_badge(score: i64) -> Markup {
    score_with_reasons(score, &[])
}

/// A score whose reasons show on hover and focus: (label, points) pairs that add up to it.
pub fn score_with_reasons(score: i64, reasons: &[(String, i64)]) -> Markup {
    let level = match score {
        70.. => "is-hot",
        40..=69 => "is-warm",
        _ => "is-cold",
    };
    let width = score.clamp(0, 100);
    let gauge = html! {
        span.score-number { (score) }
        svg.score-bar viewBox="0 0 100 4" width="28" height="4" preserveAspectRatio="none" aria-hidden="true" {
            rect.score-track width="100" height="4" rx="2" {}
            rect.score-fill width=(width) height="4" rx="2" {}
        }
    };
    if reasons.is_empty() {
        return html! { span.score.(level) { span.visually-hidden { "Score " } (gauge) } };
    }
    html! {
        span.score.has-reasons.(level) tabindex="0" role="group" aria-label={ "Score " (score) } {
            (gauge)
            span.score-reasons role="tooltip" {
                (score_reasons(score, reasons))
            }
        }
    }
}

/// The reasons as a small ledger that ends in the total.
pub fn score_reasons(score: i64, reasons: &[(String, i64)]) -> Markup {
    html! {
        span.ledger {
            @for (label, points) in reasons {
                span.ledger-row { span { (label) } span.num.(if *points < 0 { "is-minus" } else { "is-plus" }) { (signed(*points)) } }
            }
            span.ledger-row.is-total { span { "Score" } span.num { (score) } }
        }
    }
}

/// `+12`, `−3`, `0`, with a real minus sign.
pub fn signed(points: i64) -> String {
    match points {
        1.. => format!("+{points}"),
        0 => "0".to_owned(),
        _ => format!("\u{2212}{}", points.unsigned_abs()),
    }
}

/// Initials on a coloured ground; the colour follows from the name. Put the name beside it.
pub fn avatar(name: &str) -> Markup {
    html! { span.avatar.{ "hue-" (hue(name)) } aria-hidden="true" { (initials(name)) } }
}

fn hue(name: &str) -> u32 {
    name.bytes().fold(0u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 6
}

/// A person in a row: avatar, name, and a second line when there is one.
pub fn person(name: &str, detail: Option<&str>) -> Markup {
    html! {
        span.person {
            (avatar(name))
            span.person-text {
                span.person-name { (name) }
                @if let Some(detail) = detail { span.person-detail { (detail) } }
            }
        }
    }
}

/// A person as a link in a long list: what [`person`] shows, in a third of the bytes.
pub fn person_link(href: &str, name: &str, detail: &str) -> Markup {
    html! {
        a.who.{ "hue-" (hue(name)) } href=(href) data-initials=(initials(name)) {
            span.person-name { (name) }
            @if !detail.is_empty() { small { (detail) } }
        }
    }
}

/// A score in a long list: the number, and a bar that the styles draw in tenths. Its reasons are fetched when somebody
/// looks (`score-reasons` in islands).
pub fn score_cell(score: i64) -> Markup {
    html! { span.score.{ "s" (score.clamp(0, 100) / 10) } { (score) } }
}

/// Tags in a long list, as [`tags`] shows them.
pub fn tags_cell<S: AsRef<str>>(tags: &[S], limit: usize) -> Markup {
    let rest: Vec<&str> = tags.iter().skip(limit).map(AsRef::as_ref).collect();
    html! {
        @for tag in tags.iter().take(limit) { span.tag { (tag.as_ref()) } }
        @if !rest.is_empty() { span.tag.is-rest title=(rest.join(", ")) { "+" (rest.len()) } }
    }
}

/// A status in a long list; the dot is drawn by the styles.
pub fn status_cell(tone: Tone, word: &str) -> Markup {
    html! { span.status.(tone.class()) { (word) } }
}

/// Up to two letters: "Ada Lovelace" is AL, "ada@x.org" is A.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    [first, last].into_iter().flatten().flat_map(char::to_uppercase).collect()
}

/// An active filter: text and a link that removes it.
pub fn chip(text: &str, remove_href: &str) -> Markup {
    html! {
        span.chip {
            (text)
            a.chip-remove href=(remove_href) aria-label={ "Remove filter: " (text) } { (icon(Icon::Close)) }
        }
    }
}

/// A filter chip in three parts, "Status is New": field, operator and value.
pub fn filter_chip(field: &str, operator: &str, value: &str, remove_href: &str) -> Markup {
    html! {
        span.chip {
            span.chip-field { (field) } " " span.chip-operator { (operator) }
            @if !value.is_empty() { " " span.chip-value { (value) } }
            a.chip-remove href=(remove_href) aria-label={ "Remove filter: " (field) " " (operator) " " (value) } { (icon(Icon::Close)) }
        }
    }
}

/// A filter chip whose cross is a button of the form with this id: it sends `name=value`.
pub fn filter_chip_button(field: &str, operator: &str, value: &str, form: &str, name: &str, sent: &str) -> Markup {
    html! {
        span.chip {
            span.chip-field { (field) } " " span.chip-operator { (operator) }
            @if !value.is_empty() { " " span.chip-value { (value) } }
            button.chip-remove form=(form) name=(name) value=(sent) aria-label={ "Remove filter: " (field) " " (operator) " " (value) } { (icon(Icon::Close)) }
        }
    }
}

/// Chips in a wrapping row.
pub fn chips(chips: Markup) -> Markup {
    html! { div.chips { (chips) } }
}

/// A key on the keyboard.
pub fn kbd(key: &str) -> Markup {
    html! { kbd { (key) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_take_the_first_and_the_last_word() {
        assert_eq!(initials("Ada Lovelace"), "AL");
        assert_eq!(initials("Jean-Luc Marie Picard"), "JP");
        assert_eq!(initials("(ops) team"), "OT");
        assert_eq!(initials(" "), "");
    }

    #[test]
    fn points_carry_their_sign() {
        assert_eq!([signed(5), signed(0), signed(-12)], ["+5", "0", "\u{2212}12"]);
    }
}
