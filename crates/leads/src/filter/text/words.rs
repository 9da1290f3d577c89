//! The operators as the text form writes them.

/// What follows an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Nothing,
    One,
    /// `(a, b)`.
    List,
    /// `a and b`.
    Pair,
    /// `30 days`.
    Days,
}

pub(super) struct Operator {
    /// As in the JSON form, which the text form reads, too.
    pub(super) name: &'static str,
    /// As people write it, in words or as a sign.
    pub(super) words: &'static str,
    pub(super) shape: Shape,
}

const fn op(name: &'static str, words: &'static str, shape: Shape) -> Operator {
    Operator { name, words, shape }
}

/// All of them. Of two that begin alike the longer one comes first.
pub(super) const OPERATORS: &[Operator] = &[
    op("is_not", "is not", Shape::One),
    op("is_empty", "is empty", Shape::Nothing),
    op("is_known", "is known", Shape::Nothing),
    op("today", "is today", Shape::Nothing),
    op("this_week", "is this week", Shape::Nothing),
    op("this_month", "is this month", Shape::Nothing),
    op("is", "is", Shape::One),
    op("in_next_days", "in next", Shape::Days),
    op("in", "in", Shape::List),
    op("not_in", "not in", Shape::List),
    op("not_contains", "not contains", Shape::One),
    op("not_within_last_days", "not within last", Shape::Days),
    op("contains", "contains", Shape::One),
    op("starts_with", "starts with", Shape::One),
    op("ends_with", "ends with", Shape::One),
    op("gte", ">=", Shape::One),
    op("gt", ">", Shape::One),
    op("lte", "<=", Shape::One),
    op("lt", "<", Shape::One),
    op("between", "between", Shape::Pair),
    op("before", "before", Shape::One),
    op("after", "after", Shape::One),
    op("within_last_days", "within last", Shape::Days),
    op("older_than_days", "older than", Shape::Days),
    op("has_any", "has any", Shape::List),
    op("has_none", "has none", Shape::List),
    op("has", "has", Shape::One),
];

/// Other ways to write them.
pub(super) const ALSO: &[(&str, &str)] = &[
    ("is not empty", "is_known"),
    ("is not known", "is_empty"),
    ("is not in", "not_in"),
    ("is in", "in"),
    ("is any of", "in"),
    ("is none of", "not_in"),
    ("=", "is"),
    ("!=", "is_not"),
    ("does not contain", "not_contains"),
    ("within the last", "within_last_days"),
    ("not within the last", "not_within_last_days"),
    ("in the next", "in_next_days"),
    ("has any of", "has_any"),
    ("has none of", "has_none"),
];

/// Words that mean something to the parser: as a value they stand between quotation marks.
pub(super) const RESERVED: &[&str] =
    &["and", "or", "not", "anyone", "nobody", "is", "in", "empty", "known", "today", "this", "any", "none", "of", "next", "last", "the"];

pub(super) fn operator(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.name == name)
}
