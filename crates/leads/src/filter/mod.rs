//! The filter language: which leads are meant, as data that a browser, an API client and a campaign can keep.
//!
//! ```json
//! {"all": [
//!   {"field": "country", "op": "is", "value": "US"},
//!   {"any": [{"field": "score", "op": "gte", "value": 60}, {"field": "tags", "op": "has_any", "value": ["vip"]}]},
//!   {"not": {"field": "status", "op": "in", "value": ["lost", "unsubscribed"]}}
//! ]}
//! ```
//!
//! | fields | operators and their value |
//! |---|---|
//! | `first_name` `last_name` `email` `phone` `title` `seniority` `department` `linkedin_url` `company_name` `company_domain` `industry` `country` `city` `source` `external_id` | `is` `is_not` `contains` `starts_with` (text), `in` (texts), `is_empty` `is_known` (none) |
//! | `employee_count` `annual_revenue` `score` | `is` `gte` `lte` (whole number), `between` (two), `is_empty` `is_known` |
//! | `created_at` `updated_at` `last_activity_at` | `before` `after` (`2026-01-31` or RFC 3339), `between` (two), `within_last_days` (number), `is_empty` `is_known` |
//! | `tags` | `has` (text), `has_any` `has_none` (texts), `is_empty` `is_known` |
//! | `status` | `is` `is_not` (status), `in` (statuses) |
//! | `owner` | `is` `is_not` (user id), `in` (user ids), `is_empty` `is_known` |
//! | `account` | `is` (account id), `is_empty` `is_known` |
//! | `custom.KEY` | `is` `is_not` (text, number or boolean), `contains` `starts_with`, `gte` `lte` (number), `between`, `is_empty` `is_known` |
//! | `search` | `contains` (words; all of them, in name, e-mail, company or title) |
//!
//! Texts compare without regard to case. Groups nest up to [`MAX_DEPTH`]. What is compiled to SQL
//! ([`Filter::to_sql`]) names columns of the program's own and binds everything that came from outside.

mod builder;
mod chips;
mod field;
mod parse;
mod sql;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use kernel::{AccountId, UserId};
use serde::{Deserialize, Serialize};

pub use builder::builder_fields;
pub use chips::{Chip, FIELD_CHOICES, FieldChoice, Kind};
pub use field::{DateField, NumberField, TextField};
pub use parse::FilterError;
pub use sql::{Params, like_contains, search_words};

use crate::model::Status;

/// How deep groups may nest.
pub const MAX_DEPTH: usize = 5;
/// How many conditions one filter may have.
pub const MAX_CONDITIONS: usize = 50;
/// How many values one condition may list.
pub const MAX_VALUES: usize = 200;
/// How long a text to compare with may be.
pub const MAX_TEXT: usize = 200;

/// Which leads are meant. The default means all of them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "serde_json::Value", into = "serde_json::Value")]
pub struct Filter {
    pub root: Node,
}

/// A group of conditions, or one.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// Every one holds; none at all holds too.
    All(Vec<Node>),
    /// At least one holds; of none, none does.
    Any(Vec<Node>),
    /// It does not hold, or is not known.
    Not(Box<Node>),
    /// One condition.
    If(Condition),
}

/// A field and what is asked of it. Only what parses exists: no field with another's operator.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    Text(TextField, TextTest),
    Number(NumberField, NumberTest),
    Date(DateField, DateTest),
    Tags(TagsTest),
    Status(SetTest<Status>),
    Owner(SetTest<UserId>),
    Account(SetTest<AccountId>),
    Custom(String, CustomTest),
    Search(String),
}

/// What can be asked of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextTest {
    Is(String),
    IsNot(String),
    In(Vec<String>),
    Contains(String),
    StartsWith(String),
    IsEmpty,
    IsKnown,
}

/// What can be asked of a whole number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberTest {
    Is(i64),
    Gte(i64),
    Lte(i64),
    Between(i64, i64),
    IsEmpty,
    IsKnown,
}

/// What can be asked of a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateTest {
    Before(Moment),
    After(Moment),
    Between(Moment, Moment),
    WithinLastDays(u16),
    IsEmpty,
    IsKnown,
}

/// A day (in UTC) or an instant, kept as it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Day(jiff::civil::Date),
    Instant(Timestamp),
}

/// What can be asked of tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagsTest {
    Has(String),
    HasAny(Vec<String>),
    HasNone(Vec<String>),
    IsEmpty,
    IsKnown,
}

/// What can be asked of something with few values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SetTest<T> {
    Is(T),
    IsNot(T),
    In(Vec<T>),
    IsEmpty,
    IsKnown,
}

/// What can be asked of a custom field.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomTest {
    Is(Scalar),
    IsNot(Scalar),
    Contains(String),
    StartsWith(String),
    Gte(f64),
    Lte(f64),
    Between(f64, f64),
    IsEmpty,
    IsKnown,
}

/// A value of a custom field.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Text(String),
    Number(f64),
    Bool(bool),
}

impl Default for Filter {
    fn default() -> Self {
        Self { root: Node::All(Vec::new()) }
    }
}

impl Filter {
    /// Reads the JSON form; an empty text means all leads.
    pub fn parse_json(text: &str) -> Result<Self, FilterError> {
        parse::from_text(text)
    }

    /// The JSON form in one line; the same filter always gives the same text.
    pub fn to_json(&self) -> String {
        serde_json::Value::from(self.clone()).to_string()
    }

    /// Whether it means all leads.
    pub fn is_empty(&self) -> bool {
        matches!(&self.root, Node::All(nodes) if nodes.is_empty())
    }

    /// The same filter with one more condition that must hold.
    #[must_use]
    pub fn and(self, condition: Condition) -> Self {
        let mut nodes = self.into_parts();
        nodes.push(Node::If(condition));
        Self { root: Node::All(nodes) }
    }

    /// The parts that must all hold: what a page shows as chips.
    pub fn parts(&self) -> &[Node] {
        match &self.root {
            Node::All(nodes) => nodes,
            other => std::slice::from_ref(other),
        }
    }

    /// The same filter without its part at `index`.
    #[must_use]
    pub fn without(&self, index: usize) -> Self {
        let kept = self.parts().iter().enumerate().filter(|(at, _)| *at != index).map(|(_, node)| node.clone());
        Self { root: Node::All(kept.collect()) }
    }

    fn into_parts(self) -> Vec<Node> {
        match self.root {
            Node::All(nodes) => nodes,
            other => vec![other],
        }
    }
}

impl utoipa::PartialSchema for Filter {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let example =
            serde_json::json!({"all": [{"field": "country", "op": "is", "value": "US"}, {"field": "score", "op": "gte", "value": 60}]});
        utoipa::openapi::ObjectBuilder::new()
            .description(Some(
                "The filter language: `{\"field\", \"op\", \"value\"}`, or a group `{\"all\": […]}`, `{\"any\": […]}`, `{\"not\": …}`.",
            ))
            .examples([example])
            .into()
    }
}

impl utoipa::ToSchema for Filter {}
