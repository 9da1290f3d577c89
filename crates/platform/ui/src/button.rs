//! Buttons and links that look like buttons.

use maud::{Markup, Render, html};

use crate::attrs::{Attrs, attr};
use crate::icons::{Icon, icon};

#[derive(Clone, Copy)]
enum Kind {
    Primary,
    Secondary,
    Ghost,
    Danger,
}

/// A button: submits its form unless it has an [`href`](Button::href) (then it is a link) or is a
/// [`plain`](Button::plain) button for a script. One primary button per screen.
///
/// ```
/// # use ui::{Button, Icon};
/// # use maud::html;
/// html! {
///     (Button::primary("Import a file").icon(Icon::Upload).href("/imports/new"))
///     (Button::secondary("Save"))
///     (Button::danger("Delete").name_value("action", "delete").confirm("Delete 3 leads? This cannot be undone."))
///     (Button::icon_only(Icon::More, "More actions").attr("hx-get", "/x"))
/// };
/// ```
#[derive(Clone)]
pub struct Button {
    kind: Kind,
    label: String,
    icon: Option<Icon>,
    trailing: Option<Icon>,
    shortcut: Option<&'static str>,
    href: Option<String>,
    plain: bool,
    small: bool,
    icon_only: bool,
    disabled: bool,
    attrs: Attrs,
}

impl Button {
    fn new(kind: Kind, label: impl Into<String>) -> Self {
        Self {
            kind,
            label: label.into(),
            icon: None,
            trailing: None,
            shortcut: None,
            href: None,
            plain: false,
            small: false,
            icon_only: false,
            disabled: false,
            attrs: Attrs::default(),
        }
    }

    /// The one thing to do on this screen.
    pub fn primary(label: impl Into<String>) -> Self {
        Self::new(Kind::Primary, label)
    }

    /// Everything else.
    pub fn secondary(label: impl Into<String>) -> Self {
        Self::new(Kind::Secondary, label)
    }

    /// No border: inside toolbars, rows and menus.
    pub fn ghost(label: impl Into<String>) -> Self {
        Self::new(Kind::Ghost, label)
    }

    /// Destroys or sends something; pair it with [`confirm`](Button::confirm) where there is no undo.
    pub fn danger(label: impl Into<String>) -> Self {
        Self::new(Kind::Danger, label)
    }

    /// A square button showing only an icon; `label` is what a screen reader says and the tooltip.
    pub fn icon_only(icon: Icon, label: impl Into<String>) -> Self {
        let mut button = Self::new(Kind::Ghost, label);
        button.icon = Some(icon);
        button.icon_only = true;
        button
    }

    #[must_use]
    pub fn icon(mut self, icon: Icon) -> Self {
        self.icon = Some(icon);
        self
    }

    /// An icon after the label (a chevron on a menu, an arrow on "next").
    #[must_use]
    pub fn trailing(mut self, icon: Icon) -> Self {
        self.trailing = Some(icon);
        self
    }

    /// Shows the key that does the same (`"c"`). The grid keyboard presses it: see `data-shortcut`.
    #[must_use]
    pub fn shortcut(mut self, key: &'static str) -> Self {
        self.shortcut = Some(key);
        self.attrs.set("data-shortcut", key);
        self
    }

    /// Makes it a link.
    #[must_use]
    pub fn href(mut self, href: impl Into<String>) -> Self {
        self.href = Some(href.into());
        self
    }

    /// `type="button"`: does nothing by itself, for scripts and htmx.
    #[must_use]
    pub fn plain(mut self) -> Self {
        self.plain = true;
        self
    }

    /// What the form sends when this button submits it.
    #[must_use]
    pub fn name_value(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attrs.set("name", name);
        self.attrs.set("value", value);
        self
    }

    /// 28 px instead of 32.
    #[must_use]
    pub fn small(mut self) -> Self {
        self.small = true;
        self
    }

    #[must_use]
    pub fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    /// Asks in a dialog before the form is sent or the link followed. Say what will happen and whether
    /// it can be undone.
    #[must_use]
    pub fn confirm(self, question: impl Into<String>) -> Self {
        self.attr("data-confirm", question)
    }

    /// Opens the [`dialog`](crate::dialog) with this id.
    #[must_use]
    pub fn opens(self, dialog_id: impl Into<String>) -> Self {
        self.plain().attr("data-dialog-open", dialog_id)
    }

    /// Any other attribute (`hx-post`, `data-…`, `form`, `formaction`, `id`).
    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attrs.set(name, value);
        self
    }
}

impl Render for Button {
    fn render_to(&self, out: &mut String) {
        let tag = if self.href.is_some() { "a" } else { "button" };
        out.push('<');
        out.push_str(tag);
        let mut class = String::from(match self.kind {
            Kind::Primary => "button is-primary",
            Kind::Secondary => "button",
            Kind::Ghost => "button is-ghost",
            Kind::Danger => "button is-danger",
        });
        if self.small {
            class.push_str(" is-small");
        }
        if self.icon_only {
            class.push_str(" is-square");
        }
        attr(out, "class", Some(&class));
        match &self.href {
            Some(href) => attr(out, "href", Some(href)),
            None => attr(out, "type", Some(if self.plain { "button" } else { "submit" })),
        }
        if self.disabled {
            // A link cannot be disabled; it says so and the styles take its pointer away.
            let name = if self.href.is_some() { "aria-disabled" } else { "disabled" };
            attr(out, name, self.href.as_ref().map(|_| "true"));
        }
        if self.icon_only {
            attr(out, "aria-label", Some(&self.label));
            attr(out, "title", Some(&self.label));
        }
        self.attrs.write(out);
        out.push('>');
        let inner: Markup = html! {
            @if let Some(name) = self.icon { (icon(name)) }
            @if !self.icon_only { span { (self.label) } }
            @if let Some(name) = self.trailing { (icon(name)) }
            @if let Some(key) = self.shortcut { kbd aria-hidden="true" { (key) } }
        };
        out.push_str(&inner.0);
        out.push_str("</");
        out.push_str(tag);
        out.push('>');
    }
}

/// Buttons side by side with the right gaps; wraps on narrow screens.
pub fn button_row(buttons: Markup) -> Markup {
    html! { div.button-row { (buttons) } }
}
