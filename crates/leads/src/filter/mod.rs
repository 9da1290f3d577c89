//! The filter language: which leads are meant, as data that a browser, an API client and a campaign can keep.
//!
//! Three forms say the same. As text ([`Filter::parse_text`], [`Filter::to_text`]):
//!
//! ```text
//! country is "US" and (score >= 60 or tags has "vip") and not status in (lost, unsubscribed)
//! ```
//!
//! As JSON ([`Filter::parse_json`], [`Filter::to_json`]), which programs write and tables hold:
//!
//! ```json
//! {"all": [
//!   {"field": "country", "op": "is", "value": "US"},
//!   {"any": [{"field": "score", "op": "gte", "value": 60}, {"field": "tags", "op": "has", "value": "vip"}]},
//!   {"not": {"field": "status", "op": "in", "value": ["lost", "unsubscribed"]}}
//! ]}
//! ```
//!
//! In an address ([`Filter::to_query`]) the text form again, with the operators' names and no quotes where none are needed:
//! `?filter=country+is+US+and+(score+gte+60+or+tags+has+vip)`. A language of its own would save some letters more and be a third
//! grammar to learn; this one can be read, typed and sent to a colleague.
//!
//! | fields | operators and their value |
//! |---|---|
//! | `first_name` `last_name` `email` `phone` `title` `seniority` `department` `linkedin_url` `company_name` `company_domain` `industry` `country` `city` `source` `external_id` `account.name` `account.domain` `account.industry` `account.country` `account.city` | `is` `is_not` `contains` `not_contains` `starts_with` `ends_with` (text), `in` `not_in` (texts), `is_empty` `is_known` (none) |
//! | `employee_count` `annual_revenue` `score` `account.employee_count` `account.annual_revenue` `engagement.sends` `.opens` `.clicks` `.replies` `.bounces` | `is` `is_not` `gt` `gte` `lt` `lte` (whole number), `between` (two), `is_empty` `is_known` |
//! | `created_at` `updated_at` `last_activity_at` `engagement.last_contacted` `.last_opened` `.last_clicked` `.last_replied` `.last_bounced` | `is` (`2026-01-31`), `before` `after` (day or RFC 3339), `between` (two), `within_last_days` `not_within_last_days` `older_than_days` `in_next_days` (number), `today` `this_week` `this_month` `is_empty` `is_known` (none) |
//! | `tags` | `has` (text), `has_any` `has_none` (texts), `is_empty` `is_known` |
//! | `status` | `is` `is_not` (status), `in` `not_in` (statuses) |
//! | `owner` | `is` `is_not` (user id), `in` `not_in` (user ids), `is_empty` `is_known` |
//! | `account` | `is` `is_not` (account id), `in` `not_in`, `is_empty` `is_known` |
//! | `segment` | `in` `not_in` (segment ids) |
//! | `custom.KEY` | those of its kind: text, choice and web address as texts, number (any), date (days), yes/no as `is` `is_not` (boolean) |
//! | `search` | `contains` (words; all of them, in name, e-mail, company or title) |
//!
//! What is not known is like an empty text: `is_not`, `not_in`, `not_contains` and `not_within_last_days` hold for it, and nothing else
//! but `is_empty` does. Texts compare without regard to case and accents, as the search does; tags, whose index knows them as they are
//! written only, by every letter. Days, weeks (from Monday) and months are those of UTC: neither organisations nor people have a time
//! zone yet. `account.*` asks the account itself; the fields without it ask the lead, which keeps the company facts it was given.
//! `segment` asks for those who were put into a fixed segment, and for those who match the filter of a dynamic one, as it is when the
//! filter is used ([`read`] looks it up); such filters may name segments themselves, [`MAX_SEGMENTS_DEEP`] deep. Groups nest up to
//! [`MAX_DEPTH`].
//!
//! What a filter means is written down twice, in SQL ([`Filter::to_sql`]) and in memory ([`Filter::matches`]), and a property test
//! holds them together. SQL names columns of the program's own and binds everything that came from outside.

mod builder;
mod chips;
mod condition;
mod error;
mod field;
mod form;
mod json;
mod kind;
mod matches;
pub(crate) mod pages;
mod prepare;
mod segments;
mod spell;
mod sql;
mod sql_custom;
#[cfg(test)]
use self as lang; // what the strategies are made of: the HTTP tests include the same file and have a `lang` of their own
#[cfg(test)]
mod strategies;
#[cfg(test)]
mod tests;
mod text;
mod time;

use jiff::Timestamp;
use kernel::{AccountId, UserId};
use serde::{Deserialize, Serialize};

pub use crate::search::{condition as search_words, like_contains};
pub use builder::builder_fields;
pub use chips::{Chip, custom_name};
pub(crate) use error::nearest;
pub use error::{FilterError, Position};
pub use field::{AccountNumber, AccountText, DateField, EngagementCount, EngagementDate, NumberField, TextField};
pub use kind::{FIELD_CHOICES, FieldChoice, Kind};
pub use matches::{Engagement, Facts};
pub(crate) use prepare::segment_choices;
pub use prepare::{look_up, read, read_as, segments_of};
pub use segments::{KnownSegment, KnownSegments, MAX_SEGMENTS_DEEP, MAX_WHOLE, Means, SegmentKey, SegmentTest};
pub use sql::Params;
pub(crate) use text::encode;

use crate::model::Status;

/// How deep groups may nest.
pub const MAX_DEPTH: usize = 8;
/// How many conditions one filter may have.
pub const MAX_CONDITIONS: usize = 50;
/// How many values one condition may list.
pub const MAX_VALUES: usize = 1000;
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
    Number(NumberField, NumberTest<i64>),
    Date(DateField, DateTest),
    Tags(TagsTest),
    Status(SetTest<Status>),
    Owner(SetTest<UserId>),
    Account(SetTest<AccountId>),
    Segment(SegmentTest),
    AccountText(AccountText, TextTest),
    AccountNumber(AccountNumber, NumberTest<i64>),
    EngagementCount(EngagementCount, NumberTest<i64>),
    EngagementDate(EngagementDate, DateTest),
    Custom(CustomKey, CustomTest),
    Search(String),
}

/// What can be asked of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextTest {
    Is(String),
    IsNot(String),
    In(Vec<String>),
    NotIn(Vec<String>),
    Contains(String),
    NotContains(String),
    StartsWith(String),
    EndsWith(String),
    IsEmpty,
    IsKnown,
}

/// What can be asked of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberTest<N> {
    Is(N),
    IsNot(N),
    Gt(N),
    Gte(N),
    Lt(N),
    Lte(N),
    /// Both ends belong to it.
    Between(N, N),
    IsEmpty,
    IsKnown,
}

/// What can be asked of a time, or of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateTest {
    /// On this day.
    Is(jiff::civil::Date),
    Before(Moment),
    After(Moment),
    /// Both ends belong to it.
    Between(Moment, Moment),
    WithinLastDays(u16),
    /// Longer ago, in the future, or never.
    NotWithinLastDays(u16),
    OlderThanDays(u16),
    InNextDays(u16),
    Today,
    ThisWeek,
    ThisMonth,
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
    NotIn(Vec<T>),
    IsEmpty,
    IsKnown,
}

/// What can be asked of a custom field. Without the registry at hand the value's own type decides; [`read`] and
/// [`Filter::prepared`] hold it against the field's kind.
#[derive(Debug, Clone, PartialEq)]
pub enum CustomTest {
    Text(TextTest),
    Number(NumberTest<f64>),
    Date(DateTest),
    /// `is` true or false.
    Bool(bool),
    /// `is_not`.
    NotBool(bool),
    IsEmpty,
    IsKnown,
}

/// A custom field, and whether an index answers for it (which the registry knows and no form of the filter says).
#[derive(Debug, Clone, Eq)]
pub struct CustomKey {
    key: String,
    indexed: bool,
}

impl CustomKey {
    /// A field about which no more is known.
    pub fn new(key: impl Into<String>) -> Self {
        Self { key: key.into(), indexed: false }
    }

    /// The key in `leads.custom`.
    pub fn as_str(&self) -> &str {
        &self.key
    }
}

impl PartialEq for CustomKey {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self { root: Node::All(Vec::new()) }
    }
}

impl Filter {
    /// Reads the JSON form; an empty text means all leads.
    pub fn parse_json(text: &str) -> Result<Self, FilterError> {
        json::from_text(text)
    }

    /// Reads the text form; an empty text means all leads.
    pub fn parse_text(text: &str) -> Result<Self, FilterError> {
        text::parse(text)
    }

    /// Reads either: what begins with `{` or `[` is JSON.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let trimmed = text.trim_start();
        if trimmed.starts_with(['{', '[']) || trimmed.trim_end() == "null" { Self::parse_json(text) } else { Self::parse_text(text) }
    }

    /// The JSON form in one line; the same filter always gives the same text.
    pub fn to_json(&self) -> String {
        serde_json::Value::from(self.clone()).to_string()
    }

    /// The text form, as a person would write it. Parsed again it is the [normalised](Self::normalised) filter.
    pub fn to_text(&self) -> String {
        text::write(self, text::Style::People)
    }

    /// The text form with words for operators, percent-encoded as the value of a query parameter.
    pub fn to_query(&self) -> String {
        text::encode(&text::write(self, text::Style::Address))
    }

    /// What stands for it in an address of our own pages, before it is encoded: the text form, which people can read, or the JSON form of
    /// a filter whose parts the text form would not give back as they are (groups of one).
    pub(crate) fn to_address(&self) -> String {
        let text = text::write(self, text::Style::Address);
        let is_same = Self::parse_text(&text).is_ok_and(|read| read.parts() == self.parts());
        if is_same { text } else { self.to_json() }
    }

    /// The same meaning without groups of one, which the text form does not have.
    #[must_use]
    pub fn normalised(self) -> Self {
        Self { root: self.root.normalised() }
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

    /// The filter without the searches that must hold, and those together with `q`: a list looks words up in an index of their own,
    /// and not in the text of every lead.
    pub(crate) fn searches_apart(&self, q: &str) -> (Self, String) {
        let mut words = q.trim().to_owned();
        let mut rest = Vec::new();
        for part in self.musts() {
            match part {
                Node::If(Condition::Search(more)) => match crate::search::together(&words, more) {
                    Some(both) => words = both,
                    None => rest.push(part.clone()),
                },
                other => rest.push(other.clone()),
            }
        }
        (Self { root: Node::All(rest) }, words)
    }

    fn into_parts(self) -> Vec<Node> {
        match self.root {
            Node::All(nodes) => nodes,
            other => vec![other],
        }
    }
}

impl Node {
    fn normalised(self) -> Self {
        let group = |nodes: Vec<Self>, wrap: fn(Vec<Self>) -> Self| {
            let mut nodes: Vec<Self> = nodes.into_iter().map(Self::normalised).collect();
            if nodes.len() == 1 { nodes.pop().unwrap_or(Self::All(Vec::new())) } else { wrap(nodes) }
        };
        match self {
            Self::All(nodes) => group(nodes, Self::All),
            Self::Any(nodes) => group(nodes, Self::Any),
            Self::Not(node) => Self::Not(Box::new(node.normalised())),
            condition @ Self::If(_) => condition,
        }
    }

    /// Every condition in it.
    fn conditions(&self) -> Vec<&Condition> {
        match self {
            Self::All(nodes) | Self::Any(nodes) => nodes.iter().flat_map(Self::conditions).collect(),
            Self::Not(node) => node.conditions(),
            Self::If(condition) => vec![condition],
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
