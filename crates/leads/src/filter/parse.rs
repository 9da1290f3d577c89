//! JSON to filter and back. Everything that is refused is refused here, naming the place.

use http_kit::{FieldError, Problem};
use jiff::{Timestamp, civil::Date};
use serde_json::{Value, json};

use super::{
    Condition, CustomTest, DateField, DateTest, Filter, MAX_CONDITIONS, MAX_DEPTH, MAX_TEXT, MAX_VALUES, Moment, Node, NumberField,
    NumberTest, Scalar, SetTest, TagsTest, TextField, TextTest,
};
use crate::model::{Status, is_custom_key};

/// 0001-01-01T00:00:00Z.
const FIRST_SECOND: i64 = -62_135_596_800;
/// Longer texts cannot be a filter within the limits.
const MAX_JSON: usize = 64 * 1024;

/// What is wrong with a filter, and where: `pointer` is a JSON pointer into it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{detail}", if pointer.is_empty() { String::new() } else { format!("at {pointer}: ") })]
pub struct FilterError {
    pub pointer: String,
    pub detail: String,
}

impl From<FilterError> for FieldError {
    fn from(error: FilterError) -> Self {
        let detail = format!("The filter cannot be used: {error}.");
        Self::new(format!("/filter{}", error.pointer), "filter.invalid", detail)
    }
}

impl From<FilterError> for Problem {
    fn from(error: FilterError) -> Self {
        Self::invalid(vec![error.into()])
    }
}

type Result<T> = std::result::Result<T, FilterError>;

fn err<T>(at: &str, detail: impl Into<String>) -> Result<T> {
    Err(FilterError { pointer: at.to_owned(), detail: detail.into() })
}

pub(super) fn from_text(text: &str) -> Result<Filter> {
    if text.trim().is_empty() {
        return Ok(Filter::default());
    }
    if text.len() > MAX_JSON {
        return err("", format!("it is longer than {MAX_JSON} bytes"));
    }
    match serde_json::from_str::<Value>(text) {
        Ok(value) => Filter::try_from(value),
        Err(error) => err("", format!("it is not valid JSON ({error})")),
    }
}

impl TryFrom<Value> for Filter {
    type Error = FilterError;
    fn try_from(value: Value) -> Result<Self> {
        if matches!(&value, Value::Object(map) if map.is_empty()) || value.is_null() {
            return Ok(Self::default());
        }
        let mut count = 0;
        Ok(Self { root: node(&value, "", 1, &mut count)? })
    }
}

fn node(value: &Value, at: &str, depth: usize, count: &mut usize) -> Result<Node> {
    if depth > MAX_DEPTH {
        return err(at, format!("groups may nest {MAX_DEPTH} deep"));
    }
    let Value::Object(map) = value else {
        return err(at, "a condition {\"field\", \"op\", \"value\"} or a group {\"all\": […]}, {\"any\": […]}, {\"not\": …} is expected");
    };
    let group = |name: &str, count: &mut usize| -> Result<Vec<Node>> {
        let Some(Value::Array(items)) = map.get(name) else { return err(&format!("{at}/{name}"), "a list of conditions is expected") };
        items.iter().enumerate().map(|(index, item)| node(item, &format!("{at}/{name}/{index}"), depth + 1, count)).collect()
    };
    let only = |name: &str| map.contains_key(name) && map.len() == 1;
    if only("all") {
        Ok(Node::All(group("all", count)?))
    } else if only("any") {
        Ok(Node::Any(group("any", count)?))
    } else if let (true, Some(inner)) = (only("not"), map.get("not")) {
        Ok(Node::Not(Box::new(node(inner, &format!("{at}/not"), depth + 1, count)?)))
    } else {
        *count += 1;
        if *count > MAX_CONDITIONS {
            return err(at, format!("a filter may have {MAX_CONDITIONS} conditions"));
        }
        if let Some(stranger) = map.keys().find(|key| !["field", "op", "value"].contains(&key.as_str())) {
            return err(
                &format!("{at}/{}", stranger.replace('~', "~0").replace('/', "~1")),
                "only field, op and value belong to a condition",
            );
        }
        let text = |name: &str| match map.get(name) {
            Some(Value::String(text)) => Ok(text.as_str()),
            _ => err(&format!("{at}/{name}"), "a text is expected"),
        };
        condition(text("field")?, text("op")?, map.get("value").unwrap_or(&Value::Null), at).map(Node::If)
    }
}

/// One condition with the JSON pointer of where it stands.
fn condition(field: &str, op: &str, value: &Value, at: &str) -> Result<Condition> {
    let v = Reader { value, at, op };
    if let Some(column) = TextField::of(field) {
        return text_test(&v).map(|test| Condition::Text(column, test));
    }
    if let Some(column) = NumberField::of(field) {
        return number_test(&v).map(|test| Condition::Number(column, test));
    }
    if let Some(column) = DateField::of(field) {
        return date_test(&v).map(|test| Condition::Date(column, test));
    }
    match field {
        "tags" => tags_test(&v).map(Condition::Tags),
        "status" => set_test(&v, "one of new, contacted, replied, qualified, converted, lost, unsubscribed", false, |text| {
            text.parse::<Status>().ok()
        })
        .map(Condition::Status),
        "owner" => set_test(&v, "a user id (user_…)", true, |text| text.parse().ok()).map(Condition::Owner),
        "account" => set_test(&v, "an account id (acct_…)", true, |text| text.parse().ok()).map(Condition::Account),
        "search" if op == "contains" => v.text().map(Condition::Search),
        "search" => v.unknown_op("contains"),
        _ => match field.strip_prefix("custom.") {
            Some(key) if is_custom_key(key) => custom_test(&v).map(|test| Condition::Custom(key.to_owned(), test)),
            Some(_) => err(&format!("{at}/field"), "a custom field's key has 1 to 60 of a–z, 0–9 and _"),
            None => err(&format!("{at}/field"), format!("there is no field {:?}", field.chars().take(60).collect::<String>())),
        },
    }
}

struct Reader<'a> {
    value: &'a Value,
    at: &'a str,
    op: &'a str,
}

impl Reader<'_> {
    fn wrong<T>(&self, expected: &str) -> Result<T> {
        err(&format!("{}/value", self.at), format!("{expected} is expected"))
    }

    fn unknown_op<T>(&self, known: &str) -> Result<T> {
        err(&format!("{}/op", self.at), format!("this field has the operators {known}"))
    }

    fn text_of(&self, value: &Value) -> Result<String> {
        match value {
            Value::String(text) if text.trim().is_empty() => self.wrong("a text that is not empty (or is_empty)"),
            Value::String(text) if text.contains('\0') => self.wrong("a text without NUL characters"),
            Value::String(text) if text.chars().count() <= MAX_TEXT => Ok(text.trim().to_owned()),
            Value::String(_) => self.wrong(&format!("a text of at most {MAX_TEXT} characters")),
            _ => self.wrong("a text"),
        }
    }

    fn text(&self) -> Result<String> {
        self.text_of(self.value)
    }

    fn list<T>(&self, one: impl Fn(&Value) -> Result<T>) -> Result<Vec<T>> {
        match self.value {
            Value::Array(items) if items.is_empty() => self.wrong("a list with at least one value"),
            Value::Array(items) if items.len() <= MAX_VALUES => items.iter().map(one).collect(),
            Value::Array(_) => self.wrong(&format!("a list of at most {MAX_VALUES} values")),
            _ => self.wrong("a list"),
        }
    }

    fn whole(&self, value: &Value) -> Result<i64> {
        value.as_i64().map_or_else(|| self.wrong("a whole number"), Ok)
    }

    fn number(&self, value: &Value) -> Result<f64> {
        value.as_f64().filter(|number| number.is_finite()).map_or_else(|| self.wrong("a number"), Ok)
    }

    fn moment(&self, value: &Value) -> Result<Moment> {
        let parsed = value.as_str().and_then(|text| {
            text.parse::<Timestamp>().map(Moment::Instant).or_else(|_| Date::strptime("%Y-%m-%d", text).map(Moment::Day)).ok()
        });
        // PostgreSQL counts from 4713 BC; nobody means a day before our era.
        let ours = |moment: &Moment| moment.start().is_some_and(|at| at.as_second() >= FIRST_SECOND);
        parsed.filter(ours).map_or_else(|| self.wrong("a date like 2026-01-31 or an RFC 3339 time"), Ok)
    }

    fn pair<T>(&self, one: impl Fn(&Value) -> Result<T>) -> Result<(T, T)> {
        match self.value.as_array().map(Vec::as_slice) {
            Some([from, to]) => Ok((one(from)?, one(to)?)),
            _ => self.wrong("a list of two: from and to"),
        }
    }
}

fn text_test(v: &Reader<'_>) -> Result<TextTest> {
    Ok(match v.op {
        "is" => TextTest::Is(v.text()?),
        "is_not" => TextTest::IsNot(v.text()?),
        "in" => TextTest::In(v.list(|item| v.text_of(item))?),
        "contains" => TextTest::Contains(v.text()?),
        "starts_with" => TextTest::StartsWith(v.text()?),
        "is_empty" => TextTest::IsEmpty,
        "is_known" => TextTest::IsKnown,
        _ => return v.unknown_op("is, is_not, in, contains, starts_with, is_empty, is_known"),
    })
}

fn number_test(v: &Reader<'_>) -> Result<NumberTest> {
    Ok(match v.op {
        "is" => NumberTest::Is(v.whole(v.value)?),
        "gte" => NumberTest::Gte(v.whole(v.value)?),
        "lte" => NumberTest::Lte(v.whole(v.value)?),
        "between" => {
            let (from, to) = v.pair(|item| v.whole(item))?;
            NumberTest::Between(from, to)
        }
        "is_empty" => NumberTest::IsEmpty,
        "is_known" => NumberTest::IsKnown,
        _ => return v.unknown_op("is, gte, lte, between, is_empty, is_known"),
    })
}

fn date_test(v: &Reader<'_>) -> Result<DateTest> {
    Ok(match v.op {
        "before" => DateTest::Before(v.moment(v.value)?),
        "after" => DateTest::After(v.moment(v.value)?),
        "between" => {
            let (from, to) = v.pair(|item| v.moment(item))?;
            DateTest::Between(from, to)
        }
        "within_last_days" => match v.value.as_u64().and_then(|days| u16::try_from(days).ok()).filter(|days| (1..=36_500).contains(days)) {
            Some(days) => DateTest::WithinLastDays(days),
            None => return v.wrong("a number of days from 1 to 36500"),
        },
        "is_empty" => DateTest::IsEmpty,
        "is_known" => DateTest::IsKnown,
        _ => return v.unknown_op("before, after, between, within_last_days, is_empty, is_known"),
    })
}

fn tags_test(v: &Reader<'_>) -> Result<TagsTest> {
    Ok(match v.op {
        "has" => TagsTest::Has(v.text()?),
        "has_any" => TagsTest::HasAny(v.list(|item| v.text_of(item))?),
        "has_none" => TagsTest::HasNone(v.list(|item| v.text_of(item))?),
        "is_empty" => TagsTest::IsEmpty,
        "is_known" => TagsTest::IsKnown,
        _ => return v.unknown_op("has, has_any, has_none, is_empty, is_known"),
    })
}

fn set_test<T>(v: &Reader<'_>, expected: &str, may_be_empty: bool, parse: impl Fn(&str) -> Option<T>) -> Result<SetTest<T>> {
    let one = |value: &Value| value.as_str().and_then(&parse).map_or_else(|| v.wrong(expected), Ok);
    Ok(match v.op {
        "is" => SetTest::Is(one(v.value)?),
        "is_not" => SetTest::IsNot(one(v.value)?),
        "in" => SetTest::In(v.list(one)?),
        "is_empty" if may_be_empty => SetTest::IsEmpty,
        "is_known" if may_be_empty => SetTest::IsKnown,
        _ => return v.unknown_op(if may_be_empty { "is, is_not, in, is_empty, is_known" } else { "is, is_not, in" }),
    })
}

fn custom_test(v: &Reader<'_>) -> Result<CustomTest> {
    let scalar = || match v.value {
        Value::Bool(yes) => Ok(Scalar::Bool(*yes)),
        Value::Number(_) => v.number(v.value).map(Scalar::Number),
        Value::String(_) => v.text().map(Scalar::Text),
        _ => v.wrong("a text, a number, true or false"),
    };
    Ok(match v.op {
        "is" => CustomTest::Is(scalar()?),
        "is_not" => CustomTest::IsNot(scalar()?),
        "contains" => CustomTest::Contains(v.text()?),
        "starts_with" => CustomTest::StartsWith(v.text()?),
        "gte" => CustomTest::Gte(v.number(v.value)?),
        "lte" => CustomTest::Lte(v.number(v.value)?),
        "between" => {
            let (from, to) = v.pair(|item| v.number(item))?;
            CustomTest::Between(from, to)
        }
        "is_empty" => CustomTest::IsEmpty,
        "is_known" => CustomTest::IsKnown,
        _ => return v.unknown_op("is, is_not, contains, starts_with, gte, lte, between, is_empty, is_known"),
    })
}

impl From<Filter> for Value {
    fn from(filter: Filter) -> Self {
        to_value(&filter.root)
    }
}

fn to_value(node: &Node) -> Value {
    match node {
        Node::All(nodes) => json!({ "all": nodes.iter().map(to_value).collect::<Vec<_>>() }),
        Node::Any(nodes) => json!({ "any": nodes.iter().map(to_value).collect::<Vec<_>>() }),
        Node::Not(node) => json!({ "not": to_value(node) }),
        Node::If(condition) => {
            let (field, op, value) = condition.spell();
            match value {
                Value::Null => json!({ "field": field, "op": op }),
                value => json!({ "field": field, "op": op, "value": value }),
            }
        }
    }
}

impl Condition {
    /// Field, operator and value as the JSON form has them; `Null` for no value.
    pub(crate) fn spell(&self) -> (String, &'static str, Value) {
        match self {
            Self::Text(field, test) => {
                let (op, value) = match test {
                    TextTest::Is(text) => ("is", json!(text)),
                    TextTest::IsNot(text) => ("is_not", json!(text)),
                    TextTest::In(texts) => ("in", json!(texts)),
                    TextTest::Contains(text) => ("contains", json!(text)),
                    TextTest::StartsWith(text) => ("starts_with", json!(text)),
                    TextTest::IsEmpty => ("is_empty", Value::Null),
                    TextTest::IsKnown => ("is_known", Value::Null),
                };
                (field.name().to_owned(), op, value)
            }
            Self::Number(field, test) => {
                let (op, value) = match test {
                    NumberTest::Is(number) => ("is", json!(number)),
                    NumberTest::Gte(number) => ("gte", json!(number)),
                    NumberTest::Lte(number) => ("lte", json!(number)),
                    NumberTest::Between(from, to) => ("between", json!([from, to])),
                    NumberTest::IsEmpty => ("is_empty", Value::Null),
                    NumberTest::IsKnown => ("is_known", Value::Null),
                };
                (field.name().to_owned(), op, value)
            }
            Self::Date(field, test) => {
                let (op, value) = match test {
                    DateTest::Before(at) => ("before", json!(at.to_string())),
                    DateTest::After(at) => ("after", json!(at.to_string())),
                    DateTest::Between(from, to) => ("between", json!([from.to_string(), to.to_string()])),
                    DateTest::WithinLastDays(days) => ("within_last_days", json!(days)),
                    DateTest::IsEmpty => ("is_empty", Value::Null),
                    DateTest::IsKnown => ("is_known", Value::Null),
                };
                (field.name().to_owned(), op, value)
            }
            Self::Tags(test) => {
                let (op, value) = match test {
                    TagsTest::Has(tag) => ("has", json!(tag)),
                    TagsTest::HasAny(tags) => ("has_any", json!(tags)),
                    TagsTest::HasNone(tags) => ("has_none", json!(tags)),
                    TagsTest::IsEmpty => ("is_empty", Value::Null),
                    TagsTest::IsKnown => ("is_known", Value::Null),
                };
                ("tags".to_owned(), op, value)
            }
            Self::Status(test) => spell_set("status", test, |status| status.as_str().to_owned()),
            Self::Owner(test) => spell_set("owner", test, ToString::to_string),
            Self::Account(test) => spell_set("account", test, ToString::to_string),
            Self::Custom(key, test) => {
                let (op, value) = match test {
                    CustomTest::Is(scalar) => ("is", scalar.to_value()),
                    CustomTest::IsNot(scalar) => ("is_not", scalar.to_value()),
                    CustomTest::Contains(text) => ("contains", json!(text)),
                    CustomTest::StartsWith(text) => ("starts_with", json!(text)),
                    CustomTest::Gte(number) => ("gte", json!(number)),
                    CustomTest::Lte(number) => ("lte", json!(number)),
                    CustomTest::Between(from, to) => ("between", json!([from, to])),
                    CustomTest::IsEmpty => ("is_empty", Value::Null),
                    CustomTest::IsKnown => ("is_known", Value::Null),
                };
                (format!("custom.{key}"), op, value)
            }
            Self::Search(words) => ("search".to_owned(), "contains", json!(words)),
        }
    }
}

fn spell_set<T>(field: &str, test: &SetTest<T>, spell: impl Fn(&T) -> String) -> (String, &'static str, Value) {
    let (op, value) = match test {
        SetTest::Is(one) => ("is", json!(spell(one))),
        SetTest::IsNot(one) => ("is_not", json!(spell(one))),
        SetTest::In(many) => ("in", json!(many.iter().map(spell).collect::<Vec<_>>())),
        SetTest::IsEmpty => ("is_empty", Value::Null),
        SetTest::IsKnown => ("is_known", Value::Null),
    };
    (field.to_owned(), op, value)
}

impl Scalar {
    fn to_value(&self) -> Value {
        match self {
            Self::Text(text) => json!(text),
            Self::Number(number) => json!(number),
            Self::Bool(yes) => json!(yes),
        }
    }
}

impl Moment {
    /// Where it begins; nothing for a day outside what can be stored.
    pub(crate) fn start(self) -> Option<Timestamp> {
        match self {
            Self::Instant(at) => Some(at),
            Self::Day(day) => day.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp()),
        }
    }

    /// Where it has ended: the next midnight, or the instant itself.
    pub(crate) fn end(self) -> Option<Timestamp> {
        match self {
            Self::Instant(at) => Some(at),
            Self::Day(day) => day.tomorrow().ok().and_then(|day| Self::Day(day).start()),
        }
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Instant(at) => write!(f, "{at}"),
        }
    }
}

impl Condition {
    /// A condition from the texts of a form: numbers are read, lists are split at commas, statuses are known by their words.
    pub fn from_form(field: &str, op: &str, value: &str) -> Result<Self> {
        let value = value.trim();
        let numeric = NumberField::of(field).is_some() || op == "within_last_days";
        let scalar = |text: &str| -> Value {
            let text = text.trim();
            let number = if numeric { crate::model::parse_whole(text).ok().flatten().map(Value::from) } else { None };
            let guessed = if field.starts_with("custom.") {
                serde_json::from_str::<Value>(text).ok().filter(|value| value.is_number() || value.is_boolean())
            } else {
                None
            };
            let text = if field == "status" { text.to_lowercase() } else { text.to_owned() };
            number.or(guessed).unwrap_or(Value::String(text))
        };
        let list = |separators: &[char]| {
            value.split(|c| separators.contains(&c)).map(str::trim).filter(|part| !part.is_empty()).map(scalar).collect::<Vec<_>>()
        };
        let value = match op {
            "is_empty" | "is_known" => Value::Null,
            "in" | "has_any" | "has_none" => Value::Array(list(&[',', ';'])),
            "between" => Value::Array(list(&[',', ';', '–', '…'])),
            _ => scalar(value),
        };
        condition(field, op, &value, "")
    }
}
