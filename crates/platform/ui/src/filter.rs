//! The filter builder: nested AND/OR conditions that a person edits, sent as JSON in one field.

use maud::{Markup, html};
use serde_json::json;

use crate::{Button, form_actions};

/// What a person enters for an operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FilterInput {
    /// Nothing ("is known").
    None,
    Text,
    Number,
    /// `YYYY-MM-DD`.
    Date,
    /// One of the field's options.
    Choice,
    /// Several of the field's options: an array.
    Choices,
    /// Words separated by commas: an array.
    List,
}

/// An operator of a field: name in the JSON, label on the screen, and what its value looks like.
pub type FilterOperator = (&'static str, &'static str, FilterInput);

/// A field that can be filtered by.
pub struct FilterField {
    pub name: String,
    pub label: String,
    /// The first one is the default.
    pub operators: Vec<FilterOperator>,
    /// (value, label) for [`FilterInput::Choice`] and [`FilterInput::Choices`].
    pub options: Vec<(String, String)>,
}

/// The builder as a GET form to `action` that sends the filter as `filter`. Put it into
/// [`dialog_wide`](crate::dialog_wide) and open that from the toolbar.
///
/// `value` is the current filter's JSON, empty for none. The shapes are
/// `{"all": [node, …]}`, `{"any": [node, …]}` and `{"field": "score", "op": "gte", "value": 40}`
/// (without `value` for [`FilterInput::None`]); anything else is kept as it came. `hidden` carries the
/// other parameters of the address. `extra` stands beside the buttons, for a live count: give it
/// `hx-get` and `hx-trigger="change from:closest form delay:200ms"`, `hx-include="closest form"`.
pub fn filter_builder(action: &str, fields: &[FilterField], value: &str, hidden: Markup, extra: Markup) -> Markup {
    let described: Vec<_> = fields
        .iter()
        .map(|field| {
            let operators: Vec<_> = field
                .operators
                .iter()
                .map(|(name, label, input)| json!({ "name": name, "label": label, "input": name_of(*input) }))
                .collect();
            json!({ "name": field.name, "label": field.label, "operators": operators, "options": field.options })
        })
        .collect();
    html! {
        filter-builder data-fields=(json!(described)) {
            form.form.is-wide method="get" action=(action) {
                (hidden)
                input type="hidden" name="filter" value=(value) data-filter-value;
                div data-filter-editor { p.filter-summary data-without-script { "The filter builder needs scripts; the chips above the list show and remove conditions without them." } }
                (form_actions(html! { (Button::primary("Apply")) (Button::ghost("Clear").href(action)) (extra) }))
            }
        }
    }
}

const fn name_of(input: FilterInput) -> &'static str {
    match input {
        FilterInput::None => "none",
        FilterInput::Text => "text",
        FilterInput::Number => "number",
        FilterInput::Date => "date",
        FilterInput::Choice => "choice",
        FilterInput::Choices => "choices",
        FilterInput::List => "list",
    }
}
