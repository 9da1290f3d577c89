//! The cells of the grid: one function per kind of column, as lean as a row that stands there fifty times must be.

use identity::Member;
use maud::{Markup, html};
use serde_json::Value;
use ui::table;

use super::{filters, form::custom_text, show, state::State};
use crate::{
    custom_fields::{Field, FieldKind, Registry, SortedField},
    model::Lead,
    store::grid::{Sort, SortKey},
    views::{Column, Standard, column::Editor},
};

/// What a column is called. A custom field that is gone is called by its key.
pub(super) fn label(column: &Column, custom: &Registry) -> String {
    match column {
        Column::Standard(column) => column.label().to_owned(),
        Column::Custom(key) => custom.get(key).map_or_else(|| key.replace('_', " "), |field| field.label.clone()),
    }
}

/// How a custom field is edited; one that nobody has made, or that takes no values, is not.
fn editor(field: Option<&Field>) -> Option<Editor> {
    let field = field.filter(|field| field.archived_at.is_none())?;
    Some(match field.kind {
        FieldKind::Text => Editor::Text,
        FieldKind::Number => Editor::Number,
        FieldKind::Bool => Editor::Bool,
        FieldKind::Date => Editor::Date,
        FieldKind::Choice => Editor::Choice,
        FieldKind::Url => Editor::Url,
    })
}

/// The field of a lead that the cells of a column change, and how.
fn edits(column: &Column, custom: &Registry) -> Option<(String, Editor)> {
    match column {
        Column::Standard(column) => column.edits().map(|(field, editor)| (field.to_owned(), editor)),
        Column::Custom(key) => editor(custom.get(key)).map(|editor| (format!("custom.{key}"), editor)),
    }
}

/// The heading of the names, which stand first.
pub(super) fn name_heading(state: &State) -> Markup {
    html! { th scope="col" aria-sort=[sorted(state, SortKey::Name).map(ui::Sort::aria)] { (sort_button(state, "Name", SortKey::Name, true)) } }
}

/// A heading: it sorts by what it names, and tells the scripts how its cells are edited.
pub(super) fn heading(state: &State, column: &Column, custom: &Registry, may_write: bool) -> Markup {
    let name = label(column, custom);
    let (key, numeric) = match column {
        Column::Standard(column) => (column.sort(), column.is_number()),
        Column::Custom(key) => (SortedField::named(&column.to_string()).map(SortKey::Custom), is_number(custom.get(key))),
    };
    let words_first = key.is_some_and(SortKey::is_text) || (matches!(column, Column::Custom(_)) && !numeric);
    let edits = if may_write { edits(column, custom) } else { None };
    let options = match column {
        Column::Custom(key) => custom.get(key).map(|field| field.options.clone()).unwrap_or_default(),
        Column::Standard(_) => Vec::new(),
    };
    html! {
        th.num[numeric] scope="col" aria-sort=[key.and_then(|key| sorted(state, key)).map(ui::Sort::aria)]
            data-field=[edits.as_ref().map(|(field, _)| field)] data-editor=[edits.as_ref().map(|(_, editor)| editor.name())]
            data-options=[(!options.is_empty()).then(|| options.join("\n"))] {
            @match key {
                Some(key) => (sort_button(state, &name, key, words_first)),
                None => (name),
            }
        }
    }
}

fn sorted(state: &State, key: SortKey) -> Option<ui::Sort> {
    (state.sort.key == key).then_some(if state.sort.descending { ui::Sort::Descending } else { ui::Sort::Ascending })
}

/// Sorted by this column already: the press turns it round. Words begin at A, figures at the greatest.
fn sort_button(state: &State, label: &str, key: SortKey, is_text: bool) -> Markup {
    let now = sorted(state, key);
    let descending = if now.is_some() { !state.sort.descending } else { !is_text };
    let value = Sort { key, descending }.to_string();
    table::SortButton { form: filters::FORM, name: "by", value: &value, now }.label(label)
}

/// The cell of one lead. Where the words differ from what is typed, `data-v` has what is typed.
pub(super) fn cell(column: &Column, lead: &Lead, members: &[Member], custom: &Registry) -> Markup {
    let column = match column {
        Column::Standard(column) => *column,
        Column::Custom(key) => return custom_cell(key, custom.get(key), lead),
    };
    let plain = |text: &str| html! { td { (text) } };
    let number = |number: Option<i64>| html! { td.num { @if let Some(number) = number { (ui::number(number)) } } };
    match column {
        Standard::Company => html! {
            td data-v=[lead.company_name.is_empty().then_some("")] {
                @let company = if lead.company_name.is_empty() { &lead.company_domain } else { &lead.company_name };
                @match lead.account_id {
                    Some(id) => a href={ "/accounts/" (id) } { (company) },
                    None => (company),
                }
            }
        },
        Standard::Status => html! { td { (ui::status_cell(show::tone(lead.status), lead.status.label())) } },
        Standard::Score => html! { td.num { (ui::score_cell(i64::from(lead.score))) } },
        Standard::Owner => plain(lead.owner_id.and_then(|id| show::member(members, id)).unwrap_or_default()),
        Standard::Tags => html! {
            td data-v=[(lead.tags.len() > 1).then(|| lead.tags.join(", "))] {
                @if !lead.tags.is_empty() { (ui::tags_cell(&lead.tags, 2)) }
            }
        },
        Standard::Country => html! { td { (show::country_of(&lead.country)) } },
        Standard::LastActivity => html! { td { @if let Some(at) = lead.last_activity_at { (ui::ago_cell(at)) } } },
        Standard::Email => plain(lead.email.as_deref().unwrap_or_default()),
        Standard::Phone => plain(&lead.phone),
        Standard::Title => plain(&lead.title),
        Standard::Industry => plain(&lead.industry),
        Standard::Employees => number(lead.employee_count.map(i64::from)),
        Standard::Revenue => number(lead.annual_revenue),
        Standard::Seniority => html! {
            td data-v=[lead.seniority.contains('_').then_some(&lead.seniority)] { (lead.seniority.replace('_', " ")) }
        },
        Standard::Department => plain(&lead.department),
        Standard::City => plain(&lead.city),
        Standard::Domain => plain(&lead.company_domain),
        Standard::Linkedin => plain(&lead.linkedin_url),
        Standard::Source => plain(&lead.source),
        Standard::ExternalId => plain(&lead.external_id),
        Standard::FirstName => plain(&lead.first_name),
        Standard::LastName => plain(&lead.last_name),
        Standard::Created => html! { td { (ui::date(lead.created_at)) } },
        Standard::Updated => html! { td { (ui::ago_cell(lead.updated_at)) } },
    }
}

fn is_number(field: Option<&Field>) -> bool {
    field.is_some_and(|field| field.kind == FieldKind::Number)
}

fn custom_cell(key: &str, field: Option<&Field>, lead: &Lead) -> Markup {
    let (text, typed) = match lead.custom.get(key) {
        None | Some(Value::Null) => (String::new(), None),
        Some(Value::Bool(yes)) => (if *yes { "Yes" } else { "No" }.to_owned(), Some(yes.to_string())),
        Some(Value::String(text)) => (text.clone(), None),
        Some(other) => (custom_text(other), None),
    };
    let numeric = is_number(field);
    html! { td.num[numeric] data-v=[typed] { (text) } }
}
