//! Which type a custom field should have that a column's values are kept in.

use jiff::civil::{Date, DateTime};
use leads::custom_fields::FieldKind;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::is_number;

/// More different values than this are no choice.
const MAX_CHOICES: usize = 20;
const MAX_CHOICE_LENGTH: usize = 40;

/// The type of a custom field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Text,
    Number,
    Bool,
    Date,
    Choice,
    Url,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] = [Self::Text, Self::Number, Self::Bool, Self::Date, Self::Choice, Self::Url];

    /// The name in the API.
    pub(crate) const fn as_str(self) -> &'static str {
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
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Text => "Text",
            Self::Number => "Number",
            Self::Bool => "Yes or no",
            Self::Date => "Date",
            Self::Choice => "Choice",
            Self::Url => "Link",
        }
    }

    /// The value of a cell in a field of this type, or what is wrong with it.
    pub(crate) fn value(self, text: &str, order: DateOrder) -> Result<Value, String> {
        let shown = || text.chars().take(40).collect::<String>();
        match self {
            Self::Text | Self::Choice => Ok(Value::String(text.to_owned())),
            Self::Number => number(text).ok_or_else(|| format!("{:?} is not a number", shown())),
            Self::Bool => boolean(text).map(Value::Bool).ok_or_else(|| format!("{:?} is neither yes nor no", shown())),
            Self::Date => date(text, order)
                .map(|date| Value::String(date.to_string()))
                .ok_or_else(|| format!("{:?} is not a date; write it as 2026-12-31", shown())),
            Self::Url => {
                if is_link(text) {
                    let text = if text.to_ascii_lowercase().starts_with("www.") { format!("https://{text}") } else { text.to_owned() };
                    Ok(Value::String(text))
                } else {
                    Err(format!("{:?} is not a link; it begins with https://", shown()))
                }
            }
        }
    }
}

impl From<FieldKind> for Kind {
    fn from(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Text => Self::Text,
            FieldKind::Number => Self::Number,
            FieldKind::Bool => Self::Bool,
            FieldKind::Date => Self::Date,
            FieldKind::Choice => Self::Choice,
            FieldKind::Url => Self::Url,
        }
    }
}

impl From<Kind> for FieldKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Text => Self::Text,
            Kind::Number => Self::Number,
            Kind::Bool => Self::Bool,
            Kind::Date => Self::Date,
            Kind::Choice => Self::Choice,
            Kind::Url => Self::Url,
        }
    }
}

impl std::str::FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or_else(|| format!("{text:?} is no type of a custom field"))
    }
}

/// How a column writes its dates. `3/4/2026` alone does not tell; a column with `3/14/2026` in it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DateOrder {
    /// 2026-12-31, also with dots or slashes, and with a time behind it.
    #[default]
    Ymd,
    Dmy,
    Mdy,
}

fn number(text: &str) -> Option<Value> {
    if !is_number(text) {
        return None;
    }
    let whole = text.parse::<i64>().ok().map(serde_json::Number::from);
    whole.or_else(|| text.parse().ok().and_then(serde_json::Number::from_f64)).map(Value::Number)
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "ja" | "oui" | "sí" | "si" | "x" | "✓" => Some(true),
        "false" | "no" | "n" | "0" | "nein" | "non" => Some(false),
        _ => None,
    }
}

/// Whether the words of a column say yes and no: `1` and `0` alone are numbers.
fn is_word_of_truth(text: &str) -> bool {
    matches!(text.to_lowercase().as_str(), "true" | "false" | "yes" | "no" | "ja" | "nein" | "oui" | "non" | "sí" | "si")
}

fn is_link(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let link = lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.");
    link && lower.contains('.') && !text.contains(char::is_whitespace)
}

/// The day, without a time of day that may follow it.
fn date(text: &str, order: DateOrder) -> Option<Date> {
    if let Ok(at) = text.parse::<DateTime>() {
        return Some(at.date());
    }
    let day = text.split([' ', 'T']).next().unwrap_or_default();
    let parts: Vec<&str> = day.split(['-', '/', '.']).collect();
    let [a, b, c] = parts.as_slice() else { return None };
    let number = |part: &str| part.parse::<i16>().ok().filter(|_| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit()));
    let (a_number, b_number, c_number) = (number(a)?, number(b)?, number(c)?);
    let (year, month, day) = match order {
        _ if a.len() == 4 => (a_number, b_number, c_number),
        DateOrder::Ymd => return None,
        _ if c.len() != 4 => return None,
        DateOrder::Dmy => (c_number, b_number, a_number),
        DateOrder::Mdy => (c_number, a_number, b_number),
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// What the values of a column can be, until one shows that they cannot.
#[derive(Debug, Clone)]
pub(super) struct KindEvidence {
    seen: u64,
    number: bool,
    truth: bool,
    link: bool,
    orders: [bool; 3],
    /// Empty once there were too many.
    choices: Option<Vec<String>>,
}

const ORDERS: [DateOrder; 3] = [DateOrder::Ymd, DateOrder::Dmy, DateOrder::Mdy];

impl Default for KindEvidence {
    fn default() -> Self {
        Self { seen: 0, number: true, truth: true, link: true, orders: [true; 3], choices: Some(Vec::new()) }
    }
}

impl KindEvidence {
    /// Takes in a value.
    pub(super) fn see(&mut self, text: &str) {
        self.seen += 1;
        self.number = self.number && is_number(text);
        self.truth = self.truth && is_word_of_truth(text);
        self.link = self.link && is_link(text);
        for (possible, order) in self.orders.iter_mut().zip(ORDERS) {
            *possible = *possible && date(text, order).is_some();
        }
        let Some(choices) = &mut self.choices else { return };
        if choices.iter().any(|known| known == text) {
            return;
        }
        if choices.len() >= MAX_CHOICES || text.chars().count() > MAX_CHOICE_LENGTH || text.contains('\n') {
            self.choices = None;
        } else {
            choices.push(text.to_owned());
        }
    }

    /// All values, if they are few.
    pub(super) fn choices(&self) -> &[String] {
        self.choices.as_deref().unwrap_or_default()
    }

    /// Whether each value is a number.
    pub(super) fn is_number(&self) -> bool {
        self.seen > 0 && self.number
    }

    /// What suits all values; and how dates are to be read.
    pub(super) fn kind(&self) -> (Kind, DateOrder) {
        // Where both orders are possible, only the dates themselves could tell which is meant: they stay text.
        let order = match self.orders {
            [true, ..] => Some(DateOrder::Ymd),
            [false, true, false] => Some(DateOrder::Dmy),
            [false, false, true] => Some(DateOrder::Mdy),
            _ => None,
        };
        let kind = if self.seen == 0 {
            Kind::Text
        } else if self.number {
            Kind::Number
        } else if self.truth {
            Kind::Bool
        } else if self.link {
            Kind::Url
        } else if order.is_some() {
            Kind::Date
        } else if self.choices.as_ref().is_some_and(|choices| self.seen >= 20 && choices.len() as u64 * 5 <= self.seen) {
            Kind::Choice
        } else {
            Kind::Text
        };
        (kind, if kind == Kind::Date { order.unwrap_or_default() } else { DateOrder::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(values: &[&str]) -> (Kind, DateOrder) {
        let mut evidence = KindEvidence::default();
        values.iter().for_each(|value| evidence.see(value));
        evidence.kind()
    }

    #[test]
    fn a_type_suits_every_value() {
        assert_eq!(kind(&["1", "2.5"]).0, Kind::Number);
        assert_eq!(kind(&["1", "0"]).0, Kind::Number);
        assert_eq!(kind(&["yes", "No", "TRUE"]).0, Kind::Bool);
        assert_eq!(kind(&["https://a.example/x", "www.b.example"]).0, Kind::Url);
        assert_eq!(kind(&["2026-01-31", "2025/2/1", "2024-05-06 10:11:12"]), (Kind::Date, DateOrder::Ymd));
        assert_eq!(kind(&["31/01/2026", "02/03/2026"]), (Kind::Date, DateOrder::Dmy));
        assert_eq!(kind(&["01/31/2026", "02/03/2026"]), (Kind::Date, DateOrder::Mdy));
        assert_eq!(kind(&["02/03/2026"]).0, Kind::Text, "February or March?");
        assert_eq!(kind(&["00123"]).0, Kind::Text, "a code, not a number");
        assert_eq!(kind(&[]).0, Kind::Text);
        let many: Vec<&str> = (0..30).map(|n| if n % 3 == 0 { "Gold" } else { "Silver" }).collect();
        assert_eq!(kind(&many).0, Kind::Choice);
        assert_eq!(kind(&["Gold", "Silver"]).0, Kind::Text, "two values are no pattern");
    }

    #[test]
    fn values_are_stored_in_one_form() {
        let value = |kind: Kind, text, order| kind.value(text, order);
        assert_eq!(value(Kind::Date, "31.01.2026", DateOrder::Dmy), Ok("2026-01-31".into()));
        assert_eq!(value(Kind::Date, "2026-01-31T10:00:00", DateOrder::Ymd), Ok("2026-01-31".into()));
        assert_eq!(value(Kind::Bool, "Ja", DateOrder::Ymd), Ok(true.into()));
        assert_eq!(value(Kind::Url, "www.x.example", DateOrder::Ymd), Ok("https://www.x.example".into()));
        assert!(value(Kind::Number, "12 apples", DateOrder::Ymd).is_err());
        assert!(value(Kind::Date, "31/31/2026", DateOrder::Dmy).is_err());
        assert!(value(Kind::Url, "javascript:alert(1)", DateOrder::Ymd).is_err());
    }
}
