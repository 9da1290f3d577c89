//! Form fields: label, input, hint and error as one piece, wired for screen readers.

use maud::{Markup, Render, html};

use crate::attrs::{Attrs, attr};

#[derive(Clone)]
enum Control {
    Input(&'static str),
    Textarea(u32),
    Select(Vec<(String, String)>),
    Checkbox,
}

/// One labelled field. The error is tied to the input by `aria-describedby` and `aria-invalid`.
///
/// ```
/// # use ui::Field;
/// # use maud::html;
/// # let (errors, email) = (Some("Not an e-mail address."), "ada@");
/// html! {
///     (Field::email("email", "Work e-mail").value(email).required().error(errors))
///     (Field::select("status", "Status", [("new", "New"), ("contacted", "Contacted")]).value("new"))
///     (Field::textarea("body", "Text", 12).hint("Use {{ first_name }} for variables."))
///     (Field::checkbox("track_opens", "Track opens").checked(true))
/// };
/// ```
#[derive(Clone)]
pub struct Field {
    control: Control,
    name: String,
    id: String,
    label: String,
    label_hidden: bool,
    value: Option<String>,
    hint: Option<Markup>,
    error: Option<String>,
    required: bool,
    checked: bool,
    suffix: Option<String>,
    attrs: Attrs,
}

impl Field {
    fn new(control: Control, name: impl Into<String>, label: impl Into<String>) -> Self {
        let name = name.into();
        Self {
            id: format!("field-{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-")),
            control,
            name,
            label: label.into(),
            label_hidden: false,
            value: None,
            hint: None,
            error: None,
            required: false,
            checked: false,
            suffix: None,
            attrs: Attrs::default(),
        }
    }

    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Input("text"), name, label)
    }

    pub fn email(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Input("email"), name, label)
    }

    /// Never shows a value back.
    pub fn password(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Input("password"), name, label)
    }

    pub fn number(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Input("number"), name, label)
    }

    pub fn url(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Input("url"), name, label)
    }

    pub fn tel(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Input("tel"), name, label)
    }

    pub fn date(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Input("date"), name, label)
    }

    /// `YYYY-MM-DDTHH:MM` in the time zone the page names beside it.
    pub fn datetime(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Input("datetime-local"), name, label)
    }

    pub fn textarea(name: impl Into<String>, label: impl Into<String>, rows: u32) -> Self {
        Self::new(Control::Textarea(rows), name, label)
    }

    /// `options` are (value, label) pairs; set the chosen one with [`value`](Field::value).
    pub fn select<V, L>(name: impl Into<String>, label: impl Into<String>, options: impl IntoIterator<Item = (V, L)>) -> Self
    where
        V: Into<String>,
        L: Into<String>,
    {
        let options = options.into_iter().map(|(value, label)| (value.into(), label.into())).collect();
        Self::new(Control::Select(options), name, label)
    }

    /// Sends `true` when checked, nothing otherwise; another value with [`value`](Field::value).
    pub fn checkbox(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Control::Checkbox, name, label)
    }

    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    #[must_use]
    pub fn checked(mut self, checked: bool) -> Self {
        self.checked = checked;
        self
    }

    /// A sentence under the field, before anything went wrong.
    #[must_use]
    pub fn hint(mut self, hint: impl Render) -> Self {
        self.hint = Some(hint.render());
        self
    }

    /// What is wrong and how to put it right; `None` leaves the field as it is.
    #[must_use]
    pub fn error<E: Into<String>>(mut self, error: Option<E>) -> Self {
        self.error = error.map(Into::into);
        self
    }

    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Keeps the label for screen readers only (search boxes, table cells).
    #[must_use]
    pub fn label_hidden(mut self) -> Self {
        self.label_hidden = true;
        self
    }

    /// A unit after the input ("points", "days").
    #[must_use]
    pub fn suffix(mut self, text: impl Into<String>) -> Self {
        self.suffix = Some(text.into());
        self
    }

    #[must_use]
    pub fn placeholder(self, text: impl Into<String>) -> Self {
        self.attr("placeholder", text)
    }

    /// `autocomplete` per the HTML standard: `email`, `new-password`, `organization`, `off`.
    #[must_use]
    pub fn autocomplete(self, token: &'static str) -> Self {
        self.attr("autocomplete", token)
    }

    #[must_use]
    pub fn autofocus(mut self) -> Self {
        self.attrs.flag("autofocus");
        self
    }

    #[must_use]
    pub fn disabled(mut self, disabled: bool) -> Self {
        if disabled {
            self.attrs.flag("disabled");
        }
        self
    }

    /// The id of the input, when the default (`field-{name}`) would be there twice on the page.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Any other attribute of the input (`min`, `max`, `step`, `maxlength`, `hx-get`, `data-…`).
    #[must_use]
    pub fn attr(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.attrs.set(name, value);
        self
    }

    fn common(&self, out: &mut String) {
        attr(out, "id", Some(&self.id));
        attr(out, "name", Some(&self.name));
        if self.required {
            attr(out, "required", None);
        }
        let described = match (&self.error, &self.hint) {
            (Some(_), Some(_)) => Some(format!("{0}-error {0}-hint", self.id)),
            (Some(_), None) => Some(format!("{}-error", self.id)),
            (None, Some(_)) => Some(format!("{}-hint", self.id)),
            (None, None) => None,
        };
        if let Some(ids) = described {
            attr(out, "aria-describedby", Some(&ids));
        }
        if self.error.is_some() {
            attr(out, "aria-invalid", Some("true"));
        }
        self.attrs.write(out);
    }

    fn control(&self) -> maud::PreEscaped<String> {
        let mut out = String::new();
        let value = self.value.as_deref();
        match &self.control {
            Control::Input(kind) => {
                out.push_str("<input class=\"input\"");
                attr(&mut out, "type", Some(kind));
                if *kind != "password"
                    && let Some(value) = value
                {
                    attr(&mut out, "value", Some(value));
                }
                self.common(&mut out);
                out.push('>');
            }
            Control::Checkbox => {
                out.push_str("<input type=\"checkbox\" class=\"checkbox\"");
                attr(&mut out, "value", Some(value.unwrap_or("true")));
                if self.checked {
                    attr(&mut out, "checked", None);
                }
                self.common(&mut out);
                out.push('>');
            }
            Control::Textarea(rows) => {
                out.push_str("<textarea class=\"input\"");
                attr(&mut out, "rows", Some(&rows.to_string()));
                self.common(&mut out);
                // HTML drops one newline right after the tag: ours, not the text's.
                out.push_str(">\n");
                value.unwrap_or("").render_to(&mut out);
                out.push_str("</textarea>");
            }
            Control::Select(options) => {
                out.push_str("<select class=\"input select\"");
                self.common(&mut out);
                out.push('>');
                for (option, label) in options {
                    out.push_str("<option");
                    attr(&mut out, "value", Some(option));
                    if value == Some(option.as_str()) {
                        attr(&mut out, "selected", None);
                    }
                    out.push('>');
                    label.render_to(&mut out);
                    out.push_str("</option>");
                }
                out.push_str("</select>");
            }
        }
        maud::PreEscaped(out)
    }
}

impl Render for Field {
    fn render(&self) -> Markup {
        let notes = html! {
            @if let Some(error) = &self.error { p.field-error id={ (self.id) "-error" } { (error) } }
            @if let Some(hint) = &self.hint { p.field-hint id={ (self.id) "-hint" } { (hint) } }
        };
        let label_class = if self.label_hidden { "visually-hidden" } else { "field-label" };
        if matches!(self.control, Control::Checkbox) {
            return html! {
                div.field.is-check {
                    (self.control())
                    label class=(if self.label_hidden { "visually-hidden" } else { "check-label" }) for=(self.id) { (self.label) }
                    (notes)
                }
            };
        }
        html! {
            div.field {
                label class=(label_class) for=(self.id) { (self.label) }
                @if let Some(suffix) = &self.suffix {
                    div.input-group { (self.control()) span.input-suffix { (suffix) } }
                } @else { (self.control()) }
                (notes)
            }
        }
    }
}

/// A hidden input.
pub fn hidden(name: &str, value: &str) -> Markup {
    html! { input type="hidden" name=(name) value=(value); }
}

/// Fields side by side on wide screens, under each other on narrow ones.
pub fn field_grid(fields: Markup) -> Markup {
    html! { div.field-grid { (fields) } }
}

/// What is wrong with the whole form, above its fields; focus moves here after a failed submit.
pub fn form_error(text: &str) -> Markup {
    html! { div.notice.is-danger role="alert" tabindex="-1" { (crate::icon(crate::Icon::Alert)) div.notice-body { p { (text) } } } }
}

/// The row of buttons that ends a form.
pub fn form_actions(buttons: Markup) -> Markup {
    html! { div.form-actions { (buttons) } }
}

/// A search box as its own GET form; `/` focuses it. `target` is the id of the region htmx replaces
/// with the same region of the answered page while the person types.
pub fn search_form(action: &str, name: &str, value: &str, label: &str, target: &str) -> Markup {
    search_form_with(action, name, value, label, target, html! {})
}

/// A search box that keeps the other parameters of the address (filter, sort) as [`hidden`] inputs.
pub fn search_form_with(action: &str, name: &str, value: &str, label: &str, target: &str, hidden: Markup) -> Markup {
    html! {
        form.search-form role="search" method="get" action=(action)
            hx-get=(action) hx-target={ "#" (target) } hx-select={ "#" (target) } hx-swap="outerMorph" hx-replace-url="true"
            hx-trigger="submit, input delay:200ms, search" hx-sync="this:replace" {
            (hidden)
            (crate::icon(crate::Icon::Search))
            input.input type="search" name=(name) value=(value) aria-label=(label) placeholder=(label) autocomplete="off" data-search;
        }
    }
}
