//! A condition as field, operator and value.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Condition, CustomTest, DateTest, NumberTest, SegmentKey, SegmentTest, SetTest, TagsTest, TextTest};

impl Condition {
    /// Field, operator and value as the JSON form has them; `Null` for no value.
    pub(crate) fn spell(&self) -> (String, &'static str, Value) {
        let (field, (op, value)) = match self {
            Self::Text(field, test) => (field.name(), text(test)),
            Self::AccountText(field, test) => (field.name(), text(test)),
            Self::Number(field, test) => (field.name(), number(test)),
            Self::AccountNumber(field, test) => (field.name(), number(test)),
            Self::EngagementCount(field, test) => (field.name(), number(test)),
            Self::Date(field, test) => (field.name(), date(test)),
            Self::EngagementDate(field, test) => (field.name(), date(test)),
            Self::Tags(test) => ("tags", tags(test)),
            Self::Status(test) => ("status", set(test, |status| status.as_str().to_owned())),
            Self::Owner(test) => ("owner", set(test, ToString::to_string)),
            Self::Account(test) => ("account", set(test, ToString::to_string)),
            Self::Segment(test) => ("segment", segment(test)),
            Self::Search(words) => ("search", ("contains", json!(words))),
            Self::Custom(key, test) => {
                let (op, value) = custom(test);
                return (format!("custom.{}", key.as_str()), op, value);
            }
        };
        (field.to_owned(), op, value)
    }
}

type Spelled = (&'static str, Value);

fn text(test: &TextTest) -> Spelled {
    match test {
        TextTest::Is(text) => ("is", json!(text)),
        TextTest::IsNot(text) => ("is_not", json!(text)),
        TextTest::In(texts) => ("in", json!(texts)),
        TextTest::NotIn(texts) => ("not_in", json!(texts)),
        TextTest::Contains(text) => ("contains", json!(text)),
        TextTest::NotContains(text) => ("not_contains", json!(text)),
        TextTest::StartsWith(text) => ("starts_with", json!(text)),
        TextTest::EndsWith(text) => ("ends_with", json!(text)),
        TextTest::IsEmpty => ("is_empty", Value::Null),
        TextTest::IsKnown => ("is_known", Value::Null),
    }
}

fn number<N: Serialize>(test: &NumberTest<N>) -> Spelled {
    match test {
        NumberTest::Is(number) => ("is", json!(number)),
        NumberTest::IsNot(number) => ("is_not", json!(number)),
        NumberTest::Gt(number) => ("gt", json!(number)),
        NumberTest::Gte(number) => ("gte", json!(number)),
        NumberTest::Lt(number) => ("lt", json!(number)),
        NumberTest::Lte(number) => ("lte", json!(number)),
        NumberTest::Between(from, to) => ("between", json!([from, to])),
        NumberTest::IsEmpty => ("is_empty", Value::Null),
        NumberTest::IsKnown => ("is_known", Value::Null),
    }
}

fn date(test: &DateTest) -> Spelled {
    match test {
        DateTest::Is(day) => ("is", json!(day.to_string())),
        DateTest::Before(at) => ("before", json!(at.to_string())),
        DateTest::After(at) => ("after", json!(at.to_string())),
        DateTest::Between(from, to) => ("between", json!([from.to_string(), to.to_string()])),
        DateTest::WithinLastDays(days) => ("within_last_days", json!(days)),
        DateTest::NotWithinLastDays(days) => ("not_within_last_days", json!(days)),
        DateTest::OlderThanDays(days) => ("older_than_days", json!(days)),
        DateTest::InNextDays(days) => ("in_next_days", json!(days)),
        DateTest::Today => ("today", Value::Null),
        DateTest::ThisWeek => ("this_week", Value::Null),
        DateTest::ThisMonth => ("this_month", Value::Null),
        DateTest::IsEmpty => ("is_empty", Value::Null),
        DateTest::IsKnown => ("is_known", Value::Null),
    }
}

fn tags(test: &TagsTest) -> Spelled {
    match test {
        TagsTest::Has(tag) => ("has", json!(tag)),
        TagsTest::HasAny(tags) => ("has_any", json!(tags)),
        TagsTest::HasNone(tags) => ("has_none", json!(tags)),
        TagsTest::IsEmpty => ("is_empty", Value::Null),
        TagsTest::IsKnown => ("is_known", Value::Null),
    }
}

fn set<T>(test: &SetTest<T>, spell: impl Fn(&T) -> String) -> Spelled {
    let all = |many: &[T]| json!(many.iter().map(&spell).collect::<Vec<_>>());
    match test {
        SetTest::Is(one) => ("is", json!(spell(one))),
        SetTest::IsNot(one) => ("is_not", json!(spell(one))),
        SetTest::In(many) => ("in", all(many)),
        SetTest::NotIn(many) => ("not_in", all(many)),
        SetTest::IsEmpty => ("is_empty", Value::Null),
        SetTest::IsKnown => ("is_known", Value::Null),
    }
}

fn segment(test: &SegmentTest) -> Spelled {
    let ids = |keys: &[SegmentKey]| json!(keys.iter().map(|key| key.id().to_string()).collect::<Vec<_>>());
    match test {
        SegmentTest::In(keys) => ("in", ids(keys)),
        SegmentTest::NotIn(keys) => ("not_in", ids(keys)),
    }
}

fn custom(test: &CustomTest) -> Spelled {
    match test {
        CustomTest::Text(test) => text(test),
        CustomTest::Number(test) => {
            let (op, value) = number(test);
            (op, plain(value))
        }
        CustomTest::Date(test) => date(test),
        CustomTest::Bool(yes) => ("is", json!(yes)),
        CustomTest::NotBool(yes) => ("is_not", json!(yes)),
        CustomTest::IsEmpty => ("is_empty", Value::Null),
        CustomTest::IsKnown => ("is_known", Value::Null),
    }
}

/// Whole numbers without a point, as whoever asked has written them.
fn plain(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(plain).collect()),
        Value::Number(number) => {
            let whole = number.as_f64().and_then(|number| number.to_string().parse::<i64>().ok());
            whole.map_or(Value::Number(number), Value::from)
        }
        other => other,
    }
}
