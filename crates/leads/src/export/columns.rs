//! The columns of a file, with headings that our own import recognises.

use identity::Member;
use serde_json::{Map, Value, json};

use crate::{
    custom_fields::Registry,
    model::Lead,
    views::{Column, Standard},
};

/// A value on its way into a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cell {
    Empty,
    Text(String),
    Number(f64),
    Bool(bool),
}

impl Cell {
    /// As CSV has it.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) => text.clone(),
            Self::Number(number) => number.to_string(),
            Self::Bool(yes) => yes.to_string(),
        }
    }

    fn of_text(text: &str) -> Self {
        if text.is_empty() { Self::Empty } else { Self::Text(text.to_owned()) }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts and revenues are below 2^53")]
    fn of_number(number: Option<i64>) -> Self {
        number.map_or(Self::Empty, |number| Self::Number(number as f64))
    }

    fn of_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Empty,
            Value::Bool(yes) => Self::Bool(*yes),
            Value::Number(number) => number.as_f64().map_or(Self::Empty, Self::Number),
            Value::String(text) => Self::of_text(text),
            other => Self::Text(other.to_string()),
        }
    }

    fn json(&self) -> Value {
        match self {
            Self::Empty => Value::Null,
            Self::Text(text) => json!(text),
            // Whole numbers stay whole.
            #[expect(clippy::cast_possible_truncation, reason = "only what is whole and below 2^53")]
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => json!(*number as i64),
            Self::Number(number) => json!(number),
            Self::Bool(yes) => json!(yes),
        }
    }
}

/// What an import reads again: everything that a lead was given, and nothing that Leadline computes.
pub(crate) fn usual(registry: &Registry) -> Vec<Column> {
    let given = Standard::ALL.into_iter().filter(|column| {
        !matches!(column, Standard::Score | Standard::Owner | Standard::LastActivity | Standard::Created | Standard::Updated)
    });
    // Who it is comes first.
    let who = [Standard::FirstName, Standard::LastName, Standard::Email];
    let rest = given.filter(|column| !who.contains(column));
    who.into_iter().chain(rest).map(Column::Standard).chain(registry.active().map(|field| Column::Custom(field.key.clone()))).collect()
}

/// The heading of a column.
pub(crate) fn heading(column: &Column) -> &str {
    match column {
        Column::Standard(standard) => standard.label(),
        Column::Custom(key) => key,
    }
}

/// What stands in the column for this lead.
pub(crate) fn cell(lead: &Lead, column: &Column, members: &[Member]) -> Cell {
    let time = |at: Option<jiff::Timestamp>| at.map_or(Cell::Empty, |at| Cell::Text(at.to_string()));
    match column {
        Column::Custom(key) => lead.custom.get(key).map_or(Cell::Empty, Cell::of_json),
        Column::Standard(standard) => match standard {
            Standard::FirstName => Cell::of_text(&lead.first_name),
            Standard::LastName => Cell::of_text(&lead.last_name),
            Standard::Email => Cell::of_text(lead.email.as_deref().unwrap_or_default()),
            Standard::Phone => Cell::of_text(&lead.phone),
            Standard::Title => Cell::of_text(&lead.title),
            Standard::Seniority => Cell::of_text(&lead.seniority),
            Standard::Department => Cell::of_text(&lead.department),
            Standard::Linkedin => Cell::of_text(&lead.linkedin_url),
            Standard::Company => Cell::of_text(&lead.company_name),
            Standard::Domain => Cell::of_text(&lead.company_domain),
            Standard::Industry => Cell::of_text(&lead.industry),
            Standard::Employees => Cell::of_number(lead.employee_count.map(i64::from)),
            Standard::Revenue => Cell::of_number(lead.annual_revenue),
            Standard::Country => Cell::of_text(&lead.country),
            Standard::City => Cell::of_text(&lead.city),
            Standard::Status => Cell::Text(lead.status.as_str().to_owned()),
            Standard::Tags => Cell::of_text(&lead.tags.join("; ")),
            Standard::Source => Cell::of_text(&lead.source),
            Standard::ExternalId => Cell::of_text(&lead.external_id),
            Standard::Owner => {
                let owner = lead.owner_id.and_then(|id| members.iter().find(|member| member.id == id));
                owner.map_or(Cell::Empty, |owner| Cell::of_text(&owner.email))
            }
            Standard::Score => Cell::of_number(Some(i64::from(lead.score))),
            Standard::LastActivity => time(lead.last_activity_at),
            Standard::Created => time(Some(lead.created_at)),
            Standard::Updated => time(Some(lead.updated_at)),
        },
    }
}

/// The lead as an object with the columns' names.
pub(crate) fn object(lead: &Lead, columns: &[Column], members: &[Member]) -> Value {
    let named = columns.iter().map(|column| (column.to_string(), cell(lead, column, members).json()));
    Value::Object(std::iter::once(("id".to_owned(), json!(lead.id))).chain(named).collect::<Map<_, _>>())
}
