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
    model::Status,
};

/// Fields of one row that are shown; the rest is counted.
const SHOWN: usize = 8;
/// Characters of a value that are shown.
const VALUE: usize = 80;

pub(super) fn changed(rows: &[ChangedRow], members: &[Member]) -> Markup {
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
                            td.is-wrap data-label="Before and after" { @if row.op == "update" { (differences(row, members)) } }
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
    let article = if matches!(table, "accounts" | "enrollments") { "An" } else { "A" };
    let shown = if known.is_empty() { format!("{article} {}", table_word(table, true)) } else { known };
    html! {
        @match href { Some(href) => a href=(href) { (shown) }, None => (shown) }
        @if !exists && matches!(table, "leads" | "accounts") { " " (ui::badge(Tone::Neutral, "not there now")) }
    }
}

fn differences(row: &ChangedRow, members: &[Member]) -> Markup {
    let keys: Vec<&String> = row.after.keys().filter(|key| !matches!(key.as_str(), "import_key" | "account_id")).collect();
    html! {
        @if keys.is_empty() { span.muted { "Score or other computed values" } }
        ul.plain-list {
            @for key in keys.iter().take(SHOWN) {
                li { (label(key)) ": " (value(key, row.before.get(*key), members)) " → " strong { (value(key, row.after.get(*key), members)) } }
            }
            @if keys.len() > SHOWN { li.muted { "and " (keys.len() - SHOWN) " more" } }
        }
    }
}

/// A column's value as people write it; what is stored is PostgreSQL's text of it.
fn value(column: &str, value: Option<&Value>, members: &[Member]) -> String {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    if text.is_empty() || text == "{}" {
        return "empty".to_owned();
    }
    let text = match column {
        "tags" => list(&text).join(", "),
        "custom" => pairs(&text).unwrap_or(text),
        "status" => text.parse::<Status>().map_or(text, |status| status.label().to_owned()),
        "owner_id" | "assignee_id" => match text.parse::<Uuid>() {
            Ok(id) => who(Some(id.into()), members).to_owned(),
            Err(_) => text,
        },
        _ => text,
    };
    if text.chars().count() > VALUE { format!("{}…", text.chars().take(VALUE).collect::<String>()) } else { text }
}

/// The elements of a one-dimensional array in PostgreSQL's text form: `{fair,"two words"}`.
fn list(text: &str) -> Vec<String> {
    let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let (mut elements, mut element, mut quoted) = (Vec::new(), String::new(), false);
    let mut letters = inner.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => element.extend(letters.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => elements.push(std::mem::take(&mut element)),
            letter => element.push(letter),
        }
    }
    elements.push(element);
    elements
}

/// The members of a JSON object: `plan: Team, seats: 12`.
fn pairs(json: &str) -> Option<String> {
    let members: serde_json::Map<String, Value> = serde_json::from_str(json).ok()?;
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Some(members.iter().map(|(key, value)| format!("{key}: {}", text(value))).collect::<Vec<_>>().join(", "))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_read_as_the_database_writes_them() {
        assert_eq!(list("{fair}"), ["fair"]);
        assert_eq!(list(r#"{fair,"two words","a \"b\", c"}"#), ["fair", "two words", r#"a "b", c"#]);
    }

    #[test]
    fn values_are_said_as_people_write_them() {
        let of = |column: &str, text: &str| value(column, Some(&Value::String(text.to_owned())), &[]);
        assert_eq!(of("tags", "{q4,fair}"), "q4, fair");
        assert_eq!(of("tags", "{}"), "empty");
        assert_eq!(of("status", "new"), "New");
        assert_eq!(of("custom", r#"{"plan": "Team", "seats": 12}"#), "plan: Team, seats: 12");
        assert_eq!(of("owner_id", "0190b5a4-c3d2-7e8f-9a0b-1c2d3e4f5a6b"), "A former colleague");
    }
}
