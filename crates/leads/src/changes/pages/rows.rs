//! Rows of a change set, and those that undoing left as they are.

use identity::Member;
use kernel::{AccountId, LeadId, Uuid};
use maud::{Markup, html};
use serde_json::Value;
use ui::{Tone, table};

use super::history::who;
use crate::{
    changes::{
        model::table_word,
        store::{ChangedRow, Conflict},
    },
    filter::{DateField, NumberField, TextField},
};

/// Fields of one row that are shown; the rest is counted.
const SHOWN: usize = 8;
/// Characters of a value that are shown.
const VALUE: usize = 80;

pub(super) fn changed(rows: &[ChangedRow]) -> Markup {
    table::wrap(
        "Rows",
        html! {
            table.table {
                thead { tr { (table::th("Row")) (table::th("What")) (table::th("Before and after")) } }
                tbody {
                    @for row in rows {
                        tr {
                            td.is-title data-label="Row" { (name(&row.table, row.row_id, &row.name, row.exists, &row.before)) }
                            td.is-quiet data-label="What" { (table_word(&row.table, true)) " " (match row.op.as_str() { "insert" => "created", "update" => "changed", _ => "deleted" }) }
                            td.is-wrap data-label="Before and after" { @if row.op == "update" { (differences(row)) } }
                        }
                    }
                }
            }
        },
    )
}

pub(super) fn conflicts(rows: &[Conflict], members: &[Member]) -> Markup {
    table::wrap(
        "Rows left as they are",
        html! {
            table.table {
                thead { tr { (table::th("Row")) (table::th("Why")) (table::th("Changed since by")) } }
                tbody {
                    @for row in rows {
                        tr {
                            td.is-title data-label="Row" { (name(&row.table, row.row_id, &row.name, row.exists, &serde_json::Map::new())) }
                            td.is-wrap data-label="Why" { (why(row)) }
                            td.is-quiet data-label="Changed since by" { (changed_by(row, members)) @if let Some(at) = row.changed_at { ", " (ui::ago(at)) } }
                        }
                    }
                }
            }
        },
    )
}

fn name(table: &str, id: Option<Uuid>, name: &str, exists: bool, before: &serde_json::Map<String, Value>) -> Markup {
    let href = id.filter(|_| exists).and_then(|id| match table {
        "leads" => Some(format!("/leads/{}", LeadId::from(id))),
        "accounts" => Some(format!("/accounts/{}", AccountId::from(id))),
        _ => None,
    });
    let was = |key: &str| before.get(key).and_then(Value::as_str).unwrap_or_default();
    let known = if name.is_empty() {
        let full = format!("{} {}", was("first_name"), was("last_name"));
        [full.trim(), was("email"), was("name"), was("domain"), was("title")]
            .into_iter()
            .find(|text| !text.is_empty())
            .unwrap_or_default()
            .to_owned()
    } else {
        name.to_owned()
    };
    let shown = if known.is_empty() { format!("A {}", table_word(table, true)) } else { known };
    html! {
        @match href { Some(href) => a href=(href) { (shown) }, None => (shown) }
        @if !exists && matches!(table, "leads" | "accounts") { " " (ui::badge(Tone::Neutral, "not there now")) }
    }
}

fn differences(row: &ChangedRow) -> Markup {
    let keys: Vec<&String> = row.after.keys().filter(|key| !matches!(key.as_str(), "import_key" | "account_id")).collect();
    html! {
        @if keys.is_empty() { span.muted { "Score or other computed values" } }
        ul.plain-list {
            @for key in keys.iter().take(SHOWN) {
                li { (label(key)) ": " (value(row.before.get(*key))) " → " strong { (value(row.after.get(*key))) } }
            }
            @if keys.len() > SHOWN { li.muted { "and " (keys.len() - SHOWN) " more" } }
        }
    }
}

fn value(value: Option<&Value>) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if text.is_empty() || text == "{}" {
        return "empty".to_owned();
    }
    if text.chars().count() > VALUE { format!("{}…", text.chars().take(VALUE).collect::<String>()) } else { text }
}

/// A column as people call it.
pub(super) fn label(column: &str) -> String {
    let known = TextField::of(column).map(TextField::label).or_else(|| NumberField::of(column).map(NumberField::label));
    known.or_else(|| DateField::of(column).map(DateField::label)).map_or_else(
        || match column {
            "owner_id" => "Owner".to_owned(),
            "custom" => "Custom fields".to_owned(),
            "account_id" => "Account".to_owned(),
            "assignee_id" => "Assignee".to_owned(),
            other => {
                let words = other.replace('_', " ");
                let mut letters = words.chars();
                letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
            }
        },
        str::to_owned,
    )
}

/// Why undoing left the row as it is.
pub(super) fn why(row: &Conflict) -> String {
    let fields = row.fields.iter().map(|field| label(field)).collect::<Vec<_>>().join(", ");
    match (row.reason.as_str(), fields.is_empty()) {
        ("changed", false) => format!("Changed since: {fields}"),
        ("changed", true) => "Edited since it was created".to_owned(),
        ("gone", _) => "It was deleted since, or you do not see it".to_owned(),
        ("in_use", _) => "Others belong to it by now: people, notes, tasks or campaigns".to_owned(),
        ("taken", false) => format!("Another {} has this by now: {fields}", table_word(&row.table, true)),
        ("taken", true) => format!("Another {} holds by now what only one may have", table_word(&row.table, true)),
        ("missing", false) => format!("What it belonged to is not there any more: {fields}"),
        ("missing", true) => "What it belonged to is not there any more".to_owned(),
        _ => "It could not be put back".to_owned(),
    }
}

pub(super) fn changed_by<'a>(row: &Conflict, members: &'a [Member]) -> &'a str {
    let Some(actor) = row.changed_by.as_deref() else { return "" };
    who(actor.strip_prefix("user:").and_then(|id| id.parse::<Uuid>().ok()).map(Into::into), members)
}
