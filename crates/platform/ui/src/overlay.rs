//! What lies over the page: dialogs, menus, toasts, the file drop zone.

use maud::{Markup, Render, html};

use crate::icons::{Icon, icon};
use crate::status::Tone;

/// A dialog, opened by `Button::…opens(id)`. Escape and a click beside it close it.
pub fn dialog(id: &str, title: &str, content: Markup) -> Markup {
    dialog_of("dialog", id, title, content)
}

/// A dialog for tables and builders.
pub fn dialog_wide(id: &str, title: &str, content: Markup) -> Markup {
    dialog_of("dialog is-wide", id, title, content)
}

fn dialog_of(class: &str, id: &str, title: &str, content: Markup) -> Markup {
    html! {
        dialog class=(class) id=(id) aria-labelledby={ (id) "-title" } {
            div.dialog-box {
                header.dialog-header {
                    h2 id={ (id) "-title" } { (title) }
                    button.button.is-ghost.is-square.is-small type="button" data-dialog-close aria-label="Close" { (icon(Icon::Close)) }
                }
                div.dialog-body { (content) }
            }
        }
    }
}

/// A menu that works without scripts: `summary` is what one presses, `items` are [`menu_link`]s,
/// [`menu_button`]s or any form.
pub fn menu(summary: Markup, items: Markup) -> Markup {
    html! {
        details.menu {
            summary.button { (summary) }
            div.menu-panel { (items) }
        }
    }
}

/// The "⋯" menu at the end of a row or header.
pub fn more_menu(label: &str, items: Markup) -> Markup {
    html! {
        details.menu.is-end {
            summary.button.is-ghost.is-square.is-small aria-label=(label) title=(label) { (icon(Icon::More)) }
            div.menu-panel { (items) }
        }
    }
}

/// A link in a menu.
pub fn menu_link(glyph: Icon, label: &str, href: &str) -> Markup {
    html! { a.menu-item href=(href) { (icon(glyph)) span { (label) } } }
}

/// A form with one button in a menu: posts to `action`. `confirm` asks first; empty for no question.
pub fn menu_button(glyph: Icon, label: &str, action: &str, tone: Tone, confirm: &str) -> Markup {
    html! {
        form method="post" action=(action) {
            button.menu-item.(tone.class()) type="submit" data-confirm=[(!confirm.is_empty()).then_some(confirm)] { (icon(glyph)) span { (label) } }
        }
    }
}

/// A line between groups of a menu.
pub fn menu_separator() -> Markup {
    html! { hr.menu-separator; }
}

/// A short message about what just happened, with an optional Undo.
#[derive(Clone)]
pub struct Toast {
    tone: Tone,
    text: String,
    undo: Option<(String, String)>,
    link: Option<(String, String)>,
}

impl Toast {
    pub fn success(text: impl Into<String>) -> Self {
        Self { tone: Tone::Success, text: text.into(), undo: None, link: None }
    }

    pub fn info(text: impl Into<String>) -> Self {
        Self { tone: Tone::Info, ..Self::success(text) }
    }

    /// Stays until closed: what happened, what is safe, what to do.
    pub fn error(text: impl Into<String>) -> Self {
        Self { tone: Tone::Danger, ..Self::success(text) }
    }

    /// Posts to `action` when pressed.
    #[must_use]
    pub fn undo(mut self, action: impl Into<String>) -> Self {
        self.undo = Some(("Undo".to_owned(), action.into()));
        self
    }

    /// A link in the toast ("View").
    #[must_use]
    pub fn link(mut self, label: impl Into<String>, href: impl Into<String>) -> Self {
        self.link = Some((label.into(), href.into()));
        self
    }

    /// The answer to an htmx request that adds this toast, beside whatever else it swaps.
    pub fn partial(&self) -> Markup {
        html! { hx-partial hx-target="#toasts" hx-swap="beforeend" { (self) } }
    }
}

impl Render for Toast {
    fn render(&self) -> Markup {
        let glyph = match self.tone {
            Tone::Success => Icon::Check,
            Tone::Danger | Tone::Warning => Icon::Alert,
            _ => Icon::Info,
        };
        html! {
            toast-item.toast.(self.tone.class()) role=(if self.tone == Tone::Danger { "alert" } else { "status" })
                data-sticky[self.tone == Tone::Danger] {
                (icon(glyph))
                p.toast-text { (self.text) }
                @if let Some((label, action)) = &self.undo {
                    form method="post" action=(action) { button.button.is-ghost.is-small type="submit" { (label) } }
                }
                @if let Some((label, href)) = &self.link { a.button.is-ghost.is-small href=(href) { (label) } }
                button.button.is-ghost.is-square.is-small type="button" data-toast-close aria-label="Dismiss" { (icon(Icon::Close)) }
            }
        }
    }
}

/// A form that sends one file: drop it or choose it. Works as a plain multipart form without scripts;
/// with them it shows megabytes, per cent and a Cancel button. The answer's redirect is followed.
/// `accept` as in HTML (`.csv,text/csv`); `content` adds fields above the zone, so that they arrive
/// before the file in the stream. An answer of 4xx is shown in place: its [`Toast`], [`notice`](crate::notice)
/// or [`error_state`](crate::error_state) text.
pub fn drop_zone(action: &str, name: &str, accept: &str, title: &str, hint: &str, content: Markup) -> Markup {
    html! {
        file-drop {
            form.drop-form method="post" action=(action) enctype="multipart/form-data" {
                (content)
                label.drop-zone {
                    (icon(Icon::Upload))
                    span.drop-title { (title) }
                    span.drop-hint { (hint) }
                    span.drop-file data-drop-name {}
                    input type="file" name=(name) accept=(accept) required;
                }
                div.drop-progress hidden data-drop-progress {
                    div.progress-text { span data-drop-status role="status" { "Uploading" } span.num data-drop-numbers {} }
                    progress max="100" value="0" aria-label="Upload" {}
                    button.button.is-small type="button" data-drop-cancel { "Cancel" }
                }
                p.field-error role="alert" hidden data-drop-error {}
                div.form-actions data-drop-submit { button.button.is-primary type="submit" { span { "Upload" } } }
            }
        }
    }
}

/// One result in the command palette; `/search?q=` answers a list of them.
pub fn palette_item(glyph: Icon, title: &str, detail: &str, href: &str) -> Markup {
    html! {
        a.palette-item href=(href) role="option" aria-selected="false" tabindex="-1" {
            (icon(glyph))
            span.palette-title { (title) }
            @if !detail.is_empty() { span.palette-detail { (detail) } }
        }
    }
}
