//! A condition from the texts of a form.

use serde_json::Value;

use super::{Condition, condition::condition, error::Result, kind::Kind};

impl Condition {
    /// Numbers are read as people write them, lists are split at commas, statuses are known by their words.
    pub fn from_form(field: &str, op: &str, value: &str) -> Result<Self> {
        let value = value.trim();
        let kind = Kind::of(field);
        let numeric = kind == Some(Kind::Number) || op.ends_with("_days");
        let scalar = |text: &str| -> Value {
            let text = text.trim();
            let number = if numeric { crate::model::parse_whole(text).ok().flatten().map(Value::from) } else { None };
            let guessed = if kind == Some(Kind::Custom) {
                serde_json::from_str::<Value>(text).ok().filter(|value| value.is_number() || value.is_boolean())
            } else {
                None
            };
            let text = if kind == Some(Kind::Status) { text.to_lowercase() } else { text.to_owned() };
            number.or(guessed).unwrap_or(Value::String(text))
        };
        let list = |separators: &[char]| {
            value.split(|c| separators.contains(&c)).map(str::trim).filter(|part| !part.is_empty()).map(scalar).collect::<Vec<_>>()
        };
        let value = match op {
            "is_empty" | "is_known" | "today" | "this_week" | "this_month" => Value::Null,
            "in" | "not_in" | "has_any" | "has_none" => Value::Array(list(&[',', ';'])),
            "between" => Value::Array(list(&[',', ';', '–', '…'])),
            _ => scalar(value),
        };
        condition(field, op, &value, "")
    }
}
