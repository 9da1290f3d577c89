//! One condition from field, operator and value: every form of the language is refused here, and nowhere else.

use std::str::FromStr;

use serde_json::Value;

use super::{
    Condition, CustomKey, CustomTest, DateTest, MAX_TEXT, MAX_VALUES, Moment, NumberTest, SegmentKey, SegmentTest, SetTest, TagsTest,
    TextTest,
    error::{FilterError, Result, err, nearest},
    kind::{Kind, Plain},
    time,
};
use crate::model::is_custom_key;

/// One condition; `at` is the JSON pointer of where it stands.
pub(super) fn condition(field: &str, op: &str, value: &Value, at: &str) -> Result<Condition> {
    let v = Reader { value, at, op };
    if let Some(plain) = Plain::of(field) {
        return Ok(match plain {
            Plain::Text(field) => Condition::Text(field, v.text_test()?),
            Plain::AccountText(field) => Condition::AccountText(field, v.text_test()?),
            Plain::Number(field) => Condition::Number(field, v.number_test(whole)?),
            Plain::AccountNumber(field) => Condition::AccountNumber(field, v.number_test(whole)?),
            Plain::EngagementCount(field) => Condition::EngagementCount(field, v.number_test(whole)?),
            Plain::Date(field) => Condition::Date(field, v.date_test()?),
            Plain::EngagementDate(field) => Condition::EngagementDate(field, v.date_test()?),
        });
    }
    match field {
        "tags" => v.tags_test().map(Condition::Tags),
        "status" => {
            v.set_test(Kind::Status, "one of new, contacted, replied, qualified, converted, lost, unsubscribed").map(Condition::Status)
        }
        "owner" => v.set_test(Kind::Owner, "a user id (user_…)").map(Condition::Owner),
        "account" => v.set_test(Kind::Account, "an account id (acct_…)").map(Condition::Account),
        "segment" => v.segment_test().map(Condition::Segment),
        "search" if op == "contains" => v.text().map(Condition::Search),
        "search" => v.unknown_op(Kind::Search),
        _ => match field.strip_prefix("custom.") {
            Some(key) if is_custom_key(key) => v.custom_test().map(|test| Condition::Custom(CustomKey::new(key), test)),
            Some(_) => err(&format!("{at}/field"), "a custom field's key has 1 to 60 of a–z, 0–9 and _"),
            None => err(&format!("{at}/field"), unknown_field(field)),
        },
    }
}

/// There is no such field, and perhaps which was meant.
pub(super) fn unknown_field(field: &str) -> String {
    let shown: String = field.chars().take(60).collect();
    format!("there is no field {shown:?}{}", nearest(&shown, Kind::field_names()))
}

/// What is wrong about the value of an operator.
struct Reader<'a> {
    value: &'a Value,
    at: &'a str,
    op: &'a str,
}

fn whole(value: &Value) -> Option<i64> {
    value.as_i64()
}

fn float(value: &Value) -> Option<f64> {
    value.as_f64().filter(|number| number.is_finite())
}

/// How a number is called when another thing stands in its place.
trait Number: Sized {
    const NAME: &'static str;
}

impl Number for i64 {
    const NAME: &'static str = "a whole number";
}

impl Number for f64 {
    const NAME: &'static str = "a number";
}

impl Reader<'_> {
    fn wrong<T>(&self, expected: &str) -> Result<T> {
        err(&format!("{}/value", self.at), format!("{expected} is expected"))
    }

    fn unknown_op<T>(&self, kind: Kind) -> Result<T> {
        let names: Vec<&str> = kind.operators().iter().map(|(name, _)| *name).collect();
        let near = nearest(self.op, names.iter().copied());
        let at = format!("{}/op", self.at);
        Err(FilterError { pointer: at, position: None, detail: format!("this field has the operators {}{near}", names.join(", ")) })
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

    fn texts(&self) -> Result<Vec<String>> {
        self.list(|item| self.text_of(item))
    }

    fn moment(&self, value: &Value) -> Result<Moment> {
        let moment = value.as_str().and_then(|text| time::moment(text.trim()));
        moment.map_or_else(|| self.wrong("a date like 2026-01-31 or an RFC 3339 time"), Ok)
    }

    fn pair<T>(&self, one: impl Fn(&Value) -> Result<T>) -> Result<(T, T)> {
        match self.value.as_array().map(Vec::as_slice) {
            Some([from, to]) => Ok((one(from)?, one(to)?)),
            _ => self.wrong("a list of two: from and to"),
        }
    }

    fn days(&self) -> Result<u16> {
        let days = self.value.as_u64().and_then(|days| u16::try_from(days).ok()).filter(|days| (1..=36_500).contains(days));
        days.map_or_else(|| self.wrong("a number of days from 1 to 36500"), Ok)
    }

    fn text_test(&self) -> Result<TextTest> {
        Ok(match self.op {
            "is" => TextTest::Is(self.text()?),
            "is_not" => TextTest::IsNot(self.text()?),
            "in" => TextTest::In(self.texts()?),
            "not_in" => TextTest::NotIn(self.texts()?),
            "contains" => TextTest::Contains(self.text()?),
            "not_contains" => TextTest::NotContains(self.text()?),
            "starts_with" => TextTest::StartsWith(self.text()?),
            "ends_with" => TextTest::EndsWith(self.text()?),
            "is_empty" => TextTest::IsEmpty,
            "is_known" => TextTest::IsKnown,
            _ => return self.unknown_op(Kind::Text),
        })
    }

    fn number_test<N: Number>(&self, read: impl Fn(&Value) -> Option<N>) -> Result<NumberTest<N>> {
        let one = |value: &Value| read(value).map_or_else(|| self.wrong(N::NAME), Ok);
        Ok(match self.op {
            "is" => NumberTest::Is(one(self.value)?),
            "is_not" => NumberTest::IsNot(one(self.value)?),
            "gt" => NumberTest::Gt(one(self.value)?),
            "gte" => NumberTest::Gte(one(self.value)?),
            "lt" => NumberTest::Lt(one(self.value)?),
            "lte" => NumberTest::Lte(one(self.value)?),
            "between" => {
                let (from, to) = self.pair(one)?;
                NumberTest::Between(from, to)
            }
            "is_empty" => NumberTest::IsEmpty,
            "is_known" => NumberTest::IsKnown,
            _ => return self.unknown_op(Kind::Number),
        })
    }

    fn date_test(&self) -> Result<DateTest> {
        Ok(match self.op {
            "is" => match self.value.as_str().and_then(|text| time::day(text.trim())) {
                Some(day) => DateTest::Is(day),
                None => return self.wrong("a day like 2026-01-31"),
            },
            "before" => DateTest::Before(self.moment(self.value)?),
            "after" => DateTest::After(self.moment(self.value)?),
            "between" => {
                let (from, to) = self.pair(|item| self.moment(item))?;
                DateTest::Between(from, to)
            }
            "within_last_days" => DateTest::WithinLastDays(self.days()?),
            "not_within_last_days" => DateTest::NotWithinLastDays(self.days()?),
            "older_than_days" => DateTest::OlderThanDays(self.days()?),
            "in_next_days" => DateTest::InNextDays(self.days()?),
            "today" => DateTest::Today,
            "this_week" => DateTest::ThisWeek,
            "this_month" => DateTest::ThisMonth,
            "is_empty" => DateTest::IsEmpty,
            "is_known" => DateTest::IsKnown,
            _ => return self.unknown_op(Kind::Date),
        })
    }

    fn tags_test(&self) -> Result<TagsTest> {
        Ok(match self.op {
            "has" => TagsTest::Has(self.text()?),
            "has_any" => TagsTest::HasAny(self.texts()?),
            "has_none" => TagsTest::HasNone(self.texts()?),
            "is_empty" => TagsTest::IsEmpty,
            "is_known" => TagsTest::IsKnown,
            _ => return self.unknown_op(Kind::Tags),
        })
    }

    fn parsed<T: FromStr>(&self, value: &Value, expected: &str) -> Result<T> {
        value.as_str().and_then(|text| text.trim().parse().ok()).map_or_else(|| self.wrong(expected), Ok)
    }

    fn segment_test(&self) -> Result<SegmentTest> {
        let keys = || self.list(|value| self.parsed::<SegmentKey>(value, "a segment id (segment_…)"));
        Ok(match self.op {
            "in" => SegmentTest::In(keys()?),
            "not_in" => SegmentTest::NotIn(keys()?),
            _ => return self.unknown_op(Kind::Segment),
        })
    }

    fn set_test<T: FromStr>(&self, kind: Kind, expected: &str) -> Result<SetTest<T>> {
        let one = |value: &Value| self.parsed(value, expected);
        Ok(match self.op {
            "is" => SetTest::Is(one(self.value)?),
            "is_not" => SetTest::IsNot(one(self.value)?),
            "in" => SetTest::In(self.list(one)?),
            "not_in" => SetTest::NotIn(self.list(one)?),
            "is_empty" if kind != Kind::Status => SetTest::IsEmpty,
            "is_known" if kind != Kind::Status => SetTest::IsKnown,
            _ => return self.unknown_op(kind),
        })
    }

    /// What the value is decides what is compared; the registry may object later ([`super::Filter::prepared`]).
    fn custom_test(&self) -> Result<CustomTest> {
        let is_number = match self.value {
            Value::Array(items) => items.first().is_some_and(Value::is_number),
            one => one.is_number(),
        };
        Ok(match (self.op, self.value) {
            ("is_empty", _) => CustomTest::IsEmpty,
            ("is_known", _) => CustomTest::IsKnown,
            ("is", Value::Bool(yes)) => CustomTest::Bool(*yes),
            ("is_not", Value::Bool(yes)) => CustomTest::NotBool(*yes),
            ("is" | "is_not", Value::Null | Value::Array(_) | Value::Object(_)) => return self.wrong("a text, a number, true or false"),
            ("is" | "is_not" | "between", _) if is_number => CustomTest::Number(self.number_test(float)?),
            ("gt" | "gte" | "lt" | "lte", _) => CustomTest::Number(self.number_test(float)?),
            ("is" | "is_not" | "in" | "not_in" | "contains" | "not_contains" | "starts_with" | "ends_with", _) => {
                CustomTest::Text(self.text_test()?)
            }
            ("between", Value::Array(items)) if !items.first().is_some_and(Value::is_string) => {
                return self.wrong("a list of two numbers or dates");
            }
            _ if Kind::Date.operators().iter().any(|(name, _)| *name == self.op) => CustomTest::Date(self.date_test()?),
            _ => return self.unknown_op(Kind::Custom),
        })
    }
}
