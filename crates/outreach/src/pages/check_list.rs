//! Checks with their verdicts, as templates and campaigns show them.

use maud::{Markup, html};
use ui::{Icon, Tone, icon};

/// One check.
pub(crate) struct Line<'a> {
    /// Success, warning or danger.
    pub(crate) tone: Tone,
    pub(crate) title: &'a str,
    pub(crate) details: Vec<&'a str>,
}

/// The list; the word before each title says what the colour says.
pub(crate) fn list<'a>(lines: impl IntoIterator<Item = Line<'a>>) -> Markup {
    html! {
        ul.checks {
            @for line in lines {
                @let (class, glyph, word) = match line.tone {
                    Tone::Danger => ("is-danger", Icon::Close, "To mend: "),
                    Tone::Warning => ("is-warning", Icon::Alert, "Look at: "),
                    _ => ("is-success", Icon::Check, "Fine: "),
                };
                li.check.(class) {
                    (icon(glyph))
                    div {
                        p.check-title { span.visually-hidden { (word) } (line.title) }
                        @for detail in &line.details { p.check-detail { (detail) } }
                    }
                }
            }
        }
    }
}
