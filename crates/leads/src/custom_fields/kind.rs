//! What a custom field holds, and how that is read.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};
use utoipa::ToSchema;

use crate::model::url;

/// How long the text of a custom field may be.
const MAX_TEXT: usize = 10_000;

/// What a custom field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldKind {
    Text,
    Number,
    /// Yes or no.
    Bool,
    /// A day, kept as `2026-01-31`.
    Date,
    /// One of the field's options.
    Choice,
    /// A web address.
    Url,
}

impl FieldKind {
    /// All of them, in the order in which people choose.
    pub const ALL: [Self; 6] = [Self::Text, Self::Number, Self::Date, Self::Bool, Self::Choice, Self::Url];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "number",
            Self::Bool => "bool",
            Self::Date => "date",
            Self::Choice => "choice",
            Self::Url => "url",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Number => "Number",
            Self::Bool => "Yes or no",
            Self::Date => "Date",
            Self::Choice => "Choice",
            Self::Url => "Web address",
        }
    }

    /// What it holds, in a sentence.
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Text => "texts",
            Self::Number => "numbers",
            Self::Bool => "yes or no",
            Self::Date => "dates",
            Self::Choice => "choices",
            Self::Url => "web addresses",
        }
    }

    /// What can be asked of it, in a sentence.
    pub(crate) const fn asked(self) -> &'static str {
        match self {
            Self::Text | Self::Url | Self::Choice => "ask with is, in, contains, starts with, ends with and a text",
            Self::Number => "ask with is, >=, <=, >, <, between and a number",
            Self::Bool => "ask with is true or is false",
            Self::Date => "ask with is, before, after, between, within last 30 days and a day like 2026-01-31",
        }
    }

    /// The kind of the first value that somebody writes into a field that nobody has made.
    pub(crate) const fn of(value: &Value) -> Self {
        match value {
            Value::Number(_) => Self::Number,
            Value::Bool(_) => Self::Bool,
            Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => Self::Text,
        }
    }

    /// The value as it is stored, or what is wrong with it. Numbers are numbers and not texts of digits: whoever writes JSON can
    /// say what they mean.
    pub(crate) fn check(self, value: Value, options: &[String]) -> Result<Value, String> {
        match (self, value) {
            (Self::Text, Value::String(text)) if text.chars().count() > MAX_TEXT || text.contains('\0') => {
                Err(format!("holds a text of at most {MAX_TEXT} characters"))
            }
            (Self::Text, text @ Value::String(_)) => Ok(text),
            (Self::Number, Value::Number(number)) if number.as_f64().is_some_and(f64::is_finite) => Ok(Value::Number(number)),
            (Self::Bool, yes @ Value::Bool(_)) => Ok(yes),
            (Self::Date, Value::String(text)) => day(&text).map(Value::String).ok_or_else(|| "holds a date like 2026-01-31".to_owned()),
            (Self::Choice, Value::String(text)) => match option(options, &text) {
                Some(option) => Ok(Value::String(option.to_owned())),
                None => Err(format!("holds one of: {}", options.join(", "))),
            },
            (Self::Url, Value::String(text)) => {
                url(&text).map(Value::String).map_err(|_| "holds a web address like https://example.com, at most 500 characters".to_owned())
            }
            (kind, _) => Err(format!("holds {}", kind.singular())),
        }
    }

    const fn singular(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Bool => "true or false",
            Self::Date => "a date like 2026-01-31, as a text",
            Self::Choice => "one of its choices, as a text",
            Self::Url => "a web address, as a text",
        }
    }

    /// Reads what a person or a file has written: `1,200.5` is a number, `yes` and `x` are true. Empty is nothing.
    pub(crate) fn parse(self, text: &str, options: &[String]) -> Result<Value, String> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Value::Null);
        }
        match self {
            Self::Text | Self::Choice | Self::Url => self.check(Value::String(text.to_owned()), options),
            Self::Date => self.check(Value::String(text.to_owned()), options),
            Self::Number => number(text).map(Value::Number).ok_or_else(|| "holds a number, such as 1200 or 3.5".to_owned()),
            Self::Bool => match text.to_lowercase().as_str() {
                "yes" | "true" | "1" | "y" | "x" => Ok(Value::Bool(true)),
                "no" | "false" | "0" | "n" => Ok(Value::Bool(false)),
                _ => Err("holds yes or no".to_owned()),
            },
        }
    }
}

/// The option that this text is, whatever its case.
pub(super) fn option<'a>(options: &'a [String], text: &str) -> Option<&'a str> {
    let wanted = text.trim().to_lowercase();
    options.iter().map(String::as_str).find(|option| option.to_lowercase() == wanted)
}

fn number(text: &str) -> Option<Number> {
    let is_mark = |c: char| matches!(c, ',' | ' ' | '_' | '\'' | '\u{a0}' | '\u{202f}');
    let (whole, rest) = text.split_at(text.find(['.', 'e', 'E']).unwrap_or(text.len()));
    // A mark stands between thousands: `1,5` is no 15.
    let groups: Vec<&str> = whole.trim_start_matches(['+', '-']).split(is_mark).collect();
    let apart = groups.iter().skip(1).all(|group| group.len() == 3)
        && (groups.len() == 1 || groups.first().is_some_and(|first| (1..=3).contains(&first.len())));
    if !apart || rest.contains(is_mark) {
        return None;
    }
    let compact: String = text.chars().filter(|c| !is_mark(*c)).collect();
    let compact = compact.trim_start_matches('+');
    let plain = compact.chars().all(|c| c.is_ascii_digit() || "-.eE+".contains(c));
    if !plain {
        return None;
    }
    compact.parse::<i64>().ok().map(Number::from).or_else(|| compact.parse().ok().and_then(Number::from_f64))
}

fn day(text: &str) -> Option<String> {
    let text = text.trim();
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let day = jiff::civil::Date::strptime("%Y-%m-%d", text).ok().filter(|day| plain && day.year() > 0);
    day.map(|day| day.to_string())
}

impl std::str::FromStr for FieldKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        known.ok_or_else(|| format!("a field's kind is one of {}", Self::ALL.map(Self::as_str).join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_of_its_kind_or_refused() {
        let options = ["Free".to_owned(), "Pro".to_owned()];
        let check = |kind: FieldKind, value: Value| kind.check(value, &options);
        assert_eq!(check(FieldKind::Choice, json!(" pro ")), Ok(json!("Pro")));
        assert_eq!(check(FieldKind::Url, json!("example.com/x")), Ok(json!("https://example.com/x")));
        assert_eq!(check(FieldKind::Date, json!("2026-02-28")), Ok(json!("2026-02-28")));
        for (kind, value) in [
            (FieldKind::Number, json!("12")),
            (FieldKind::Text, json!(12)),
            (FieldKind::Bool, json!("yes")),
            (FieldKind::Date, json!("2026-02-30")),
            (FieldKind::Date, json!(20260228)),
            (FieldKind::Choice, json!("Gold")),
            (FieldKind::Url, json!("javascript:alert(1)")),
        ] {
            assert!(check(kind, value.clone()).is_err(), "{kind:?} {value}");
        }
    }

    #[test]
    fn what_people_write_is_read() {
        let parse = |kind: FieldKind, text: &str| kind.parse(text, &["A".to_owned()]);
        assert_eq!(parse(FieldKind::Number, "1,200.50"), Ok(json!(1200.5)));
        assert_eq!(parse(FieldKind::Number, " 7 "), Ok(json!(7)));
        assert_eq!(parse(FieldKind::Number, "-1 234'567"), Ok(json!(-1_234_567)));
        for unclear in ["1,5", "1.200,50", "1,20,000", "1,2345", ",500", "1,"] {
            assert!(parse(FieldKind::Number, unclear).is_err(), "{unclear}");
        }
        assert_eq!(parse(FieldKind::Bool, "Yes"), Ok(json!(true)));
        assert_eq!(parse(FieldKind::Text, "  "), Ok(Value::Null));
        for (kind, text) in
            [(FieldKind::Number, "many"), (FieldKind::Number, "NaN"), (FieldKind::Bool, "maybe"), (FieldKind::Date, "31.01.2026")]
        {
            assert!(parse(kind, text).is_err(), "{text}");
        }
    }
}
