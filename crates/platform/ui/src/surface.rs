//! What content sits on: cards, figures, notices, the states of a region that has nothing to show.

use maud::{Markup, Render, html};

use crate::icons::{Icon, icon};
use crate::status::Tone;

/// A titled card. `actions` sit right of the title; pass `html!{}` for none.
pub fn card(title: &str, actions: Markup, content: Markup) -> Markup {
    html! {
        section.card {
            @if !title.is_empty() || !actions.0.is_empty() {
                header.card-header { h2 { (title) } @if !actions.0.is_empty() { div.card-actions { (actions) } } }
            }
            div.card-body { (content) }
        }
    }
}

/// A card whose content reaches its borders: for tables and lists.
pub fn card_flush(title: &str, actions: Markup, content: Markup) -> Markup {
    html! {
        section.card.is-flush {
            @if !title.is_empty() || !actions.0.is_empty() {
                header.card-header { h2 { (title) } @if !actions.0.is_empty() { div.card-actions { (actions) } } }
            }
            div.card-body { (content) }
        }
    }
}

/// A figure with its name, and how it moved. Wrap several in [`stats`].
///
/// ```
/// # use ui::{Stat, Tone};
/// # use maud::html;
/// html! { (Stat::new("Replies", "48").delta(Tone::Success, "+12 this week").href("/leads?filter=replied")) };
/// ```
pub struct Stat {
    label: String,
    value: String,
    delta: Option<(Tone, String)>,
    detail: Option<String>,
    href: Option<String>,
}

impl Stat {
    pub fn new(label: impl Into<String>, value: impl Into<String>) -> Self {
        Self { label: label.into(), value: value.into(), delta: None, detail: None, href: None }
    }

    /// How it moved, in words: "+12 this week". The tone says whether that is good.
    #[must_use]
    pub fn delta(mut self, tone: Tone, text: impl Into<String>) -> Self {
        self.delta = Some((tone, text.into()));
        self
    }

    /// A quiet line: "of 1,000 sent".
    #[must_use]
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.detail = Some(text.into());
        self
    }

    /// Every number opens its rows.
    #[must_use]
    pub fn href(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }
}

impl Render for Stat {
    fn render(&self) -> Markup {
        let inner = html! {
            span.stat-label { (self.label) }
            span.stat-value { (self.value) }
            @if let Some((tone, text)) = &self.delta { span.stat-delta.(tone.class()) { (text) } }
            @if let Some(text) = &self.detail { span.stat-detail { (text) } }
        };
        match &self.href {
            Some(href) => html! { a.stat href=(href) { (inner) } },
            None => html! { div.stat { (inner) } },
        }
    }
}

/// Figures in one row that shares its borders.
pub fn stats(stats: Markup) -> Markup {
    html! { div.stats { (stats) } }
}

/// Nothing here yet: says what will be here and what to do next.
pub fn empty_state(glyph: Icon, title: &str, text: &str, actions: Markup) -> Markup {
    html! {
        div.state {
            span.state-icon { (icon(glyph)) }
            h2 { (title) }
            p { (text) }
            @if !actions.0.is_empty() { div.button-row { (actions) } }
        }
    }
}

/// Something went wrong: what happened, what is safe, what to do.
pub fn error_state(title: &str, text: &str, actions: Markup) -> Markup {
    html! {
        div.state.is-error role="alert" {
            span.state-icon { (icon(Icon::Alert)) }
            h2 { (title) }
            p { (text) }
            @if !actions.0.is_empty() { div.button-row { (actions) } }
        }
    }
}

/// A message that belongs to the page. `Tone::Info`, `Success`, `Warning` or `Danger`.
pub fn notice(tone: Tone, content: impl Render) -> Markup {
    notice_with(tone, content, html! {})
}

/// A message with something to do about it.
pub fn notice_with(tone: Tone, content: impl Render, actions: Markup) -> Markup {
    let glyph = match tone {
        Tone::Success => Icon::Check,
        Tone::Warning | Tone::Danger => Icon::Alert,
        _ => Icon::Info,
    };
    html! {
        div.notice.(tone.class()) role=(if tone == Tone::Danger { "alert" } else { "note" }) {
            (icon(glyph))
            div.notice-body { (content) }
            @if !actions.0.is_empty() { div.notice-actions { (actions) } }
        }
    }
}

/// Grey lines in the place of text that is on its way; shows only past 300 ms.
pub fn skeleton(lines: usize) -> Markup {
    html! { div.skeleton aria-hidden="true" { @for _ in 0..lines { span {} } } }
}

/// Progress with its words: `progress("Importing", done, total)`. With `total` 0 it is indeterminate.
pub fn progress(label: &str, done: u64, total: u64) -> Markup {
    html! {
        div.progress {
            div.progress-text {
                span { (label) }
                @if total > 0 { span.num { (crate::number(i64::try_from(done).unwrap_or(i64::MAX))) " of " (crate::number(i64::try_from(total).unwrap_or(i64::MAX))) } }
            }
            @if total > 0 { progress aria-label=(label) max=(total) value=(done.min(total)) {} }
            @else { progress aria-label=(label) {} }
        }
    }
}

/// Names and values under each other: fields of a record.
pub fn definition_list<'a>(rows: impl IntoIterator<Item = (&'a str, Markup)>) -> Markup {
    html! {
        dl.definitions {
            @for (name, value) in rows {
                div { dt { (name) } dd { @if value.0.is_empty() { span.muted { "–" } } @else { (value) } } }
            }
        }
    }
}

/// Something that happened: icon, one sentence, when, and details when there are any.
pub fn timeline_item(glyph: Icon, tone: Tone, sentence: impl Render, when: Markup, details: Markup) -> Markup {
    html! {
        li.timeline-item.(tone.class()) {
            span.timeline-icon { (icon(glyph)) }
            div.timeline-body {
                p.timeline-line { (sentence) " " span.timeline-when { (when) } }
                @if !details.0.is_empty() { div.timeline-details { (details) } }
            }
        }
    }
}

/// The list around [`timeline_item`]s, newest first.
pub fn timeline(items: Markup) -> Markup {
    html! { ol.timeline { (items) } }
}

/// One step of a checklist.
pub struct Step {
    pub title: String,
    pub text: String,
    pub done: bool,
    /// Where to do it.
    pub href: Option<String>,
}

/// A checklist: done steps are ticked, the first open one is the next.
pub fn steps(steps: &[Step]) -> Markup {
    let next = steps.iter().position(|step| !step.done);
    html! {
        ol.steps {
            @for (index, step) in steps.iter().enumerate() {
                @let state = if step.done { "is-done" } else if next == Some(index) { "is-next" } else { "is-open" };
                li.step.(state) aria-current=[(next == Some(index)).then_some("step")] {
                    span.step-mark { @if step.done { (icon(Icon::Check)) span.visually-hidden { "Done: " } } @else { (index + 1) } }
                    div.step-text {
                        @match &step.href {
                            Some(href) if !step.done => a href=(href) { (step.title) },
                            _ => span { (step.title) },
                        }
                        @if !step.text.is_empty() { p { (step.text) } }
                    }
                }
            }
        }
    }
}

/// Content beside a narrower column; the column goes under it on small screens.
pub fn split(main: Markup, side: Markup) -> Markup {
    html! { div.split { div.split-main { (main) } aside.split-side aria-label="Details" { (side) } } }
}

/// Blocks under each other with one gap.
pub fn stack(blocks: Markup) -> Markup {
    html! { div.stack { (blocks) } }
}

/// Equal columns that wrap.
pub fn columns(blocks: Markup) -> Markup {
    html! { div.columns { (blocks) } }
}
