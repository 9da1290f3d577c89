//! The filter builder: nested AND/OR/NOT conditions that a person edits, sent as JSON or as text in one field.

use maud::{Markup, html};
use serde_json::json;

use crate::{Button, Field, form_actions};

/// What a person enters for an operator.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FilterInput {
    /// Nothing ("is known").
    None,
    Text,
    Number,
    /// Two numbers: an array.
    NumberPair,
    /// A number of days.
    Days,
    /// `YYYY-MM-DD`.
    Date,
    /// Two of them: an array.
    DatePair,
    /// true or false.
    YesNo,
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
    /// The heading under which it is listed; fields of one group follow each other.
    pub group: &'static str,
    /// The first one is the default.
    pub operators: Vec<FilterOperator>,
    /// (value, label) for [`FilterInput::Choice`] and [`FilterInput::Choices`].
    pub options: Vec<(String, String)>,
    /// Whether `/leads/suggest` has values of it.
    pub suggests: bool,
}

/// The builder as a GET form to `action` that sends the filter as `filter`. Put it into
/// [`dialog_wide`](crate::dialog_wide) and open that from the toolbar, or onto a page.
///
/// `value` is the current filter in either form, empty for none. The shapes of JSON are `{"all": [node, …]}`, `{"any": [node, …]}`,
/// `{"not": node}` and `{"field": "score", "op": "gte", "value": 40}` (without `value` for [`FilterInput::None`]); anything else is
/// kept as it came. `/leads/count` tells how many are meant while somebody edits, translates between the forms, and says where one
/// is wrong. Without scripts the text is typed and sent. `hidden` carries the other parameters of the address; `extra` stands
/// beside the buttons.
pub fn filter_builder(action: &str, fields: &[FilterField], value: &str, hidden: Markup, extra: Markup) -> Markup {
    let described: Vec<_> = fields
        .iter()
        .map(|field| {
            let operators: Vec<_> = field
                .operators
                .iter()
                .map(|(name, label, input)| json!({ "name": name, "label": label, "input": name_of(*input) }))
                .collect();
            json!({
                "name": field.name, "label": field.label, "group": field.group, "operators": operators,
                "options": field.options, "suggests": field.suggests,
            })
        })
        .collect();
    html! {
        filter-builder data-fields=(json!(described)) {
            form.form.is-wide method="get" action=(action) {
                (hidden)
                div.filter-mode role="group" aria-label="How to write the filter" hidden data-filter-modes {
                    button.button.is-small type="button" aria-pressed="true" data-filter-mode="builder" { "Conditions" }
                    button.button.is-small type="button" aria-pressed="false" data-filter-mode="text" { "Text" }
                }
                div data-filter-editor {}
                div data-filter-text {
                    (Field::textarea("filter", "Filter as text", 4).id("filter-text").value(value).attr("spellcheck", "false").attr("data-filter-value", "")
                        .hint(html! { "Such as: " code { "country is \"US\" and (score >= 60 or tags has \"vip\") and not status in (lost, unsubscribed)" } }))
                    p.field-error role="alert" hidden data-filter-error {}
                }
                p.filter-count role="status" data-filter-count {}
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
        FilterInput::NumberPair => "number-pair",
        FilterInput::Days => "days",
        FilterInput::Date => "date",
        FilterInput::DatePair => "date-pair",
        FilterInput::YesNo => "yes-no",
        FilterInput::Choice => "choice",
        FilterInput::Choices => "choices",
        FilterInput::List => "list",
    }
}
