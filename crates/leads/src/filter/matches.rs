//! What a filter means, without a database. The SQL of [`Filter::to_sql`] says the same.

use jiff::Timestamp;
use kernel::SegmentId;
use serde_json::Value;

use super::{
    AccountNumber, AccountText, Condition, CustomTest, DateField, DateTest, EngagementCount, EngagementDate, Filter, Means, Node,
    NumberField, NumberTest, SegmentKey, SegmentTest, SetTest, TagsTest, TextField, TextTest,
    sql::exact,
    time::{Grain, Stretch, micros},
};
use crate::{
    model::{Account, Lead},
    search::fold,
};

/// What a filter can ask about one lead.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub lead: &'a Lead,
    /// The account that the lead belongs to.
    pub account: Option<&'a Account>,
    /// What it did with its mail; nothing: nothing was sent.
    pub engagement: Option<&'a Engagement>,
    /// The segments that it is in. Of the dynamic ones that a filter has looked up, their filter says it.
    pub segments: &'a [SegmentId],
}

/// What a lead did with its mail, as the projection of the event log counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Engagement {
    pub sends: i32,
    pub opens: i32,
    pub clicks: i32,
    pub replies: i32,
    pub bounces: i32,
    pub last_contacted: Option<Timestamp>,
    pub last_opened: Option<Timestamp>,
    pub last_clicked: Option<Timestamp>,
    pub last_replied: Option<Timestamp>,
    pub last_bounced: Option<Timestamp>,
}

impl Filter {
    /// Whether the lead is meant. `now` is what relative dates count from.
    pub fn matches(&self, facts: &Facts<'_>, now: Timestamp) -> bool {
        self.root.matches(facts, now)
    }
}

impl Node {
    fn matches(&self, facts: &Facts<'_>, now: Timestamp) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.matches(facts, now)),
            Self::Any(nodes) => nodes.iter().any(|node| node.matches(facts, now)),
            Self::Not(node) => !node.matches(facts, now),
            Self::If(condition) => condition.matches(facts, now),
        }
    }
}

impl Condition {
    fn matches(&self, facts: &Facts<'_>, now: Timestamp) -> bool {
        let lead = facts.lead;
        match self {
            Self::Text(field, test) => test.holds(text(lead, *field), |text| exact(field.column(), text)),
            Self::Number(field, test) => test.holds(number(lead, *field)),
            Self::Date(field, test) => on_time(test, time(lead, *field), now),
            Self::Tags(test) => test.holds(&lead.tags),
            Self::Status(test) => test.holds(Some(&lead.status)),
            Self::Owner(test) => test.holds(lead.owner_id.as_ref()),
            Self::Account(test) => test.holds(lead.account_id.as_ref()),
            Self::Segment(SegmentTest::In(keys)) => in_segments(keys, facts, now),
            Self::Segment(SegmentTest::NotIn(keys)) => !in_segments(keys, facts, now),
            Self::AccountText(field, test) => {
                test.holds(facts.account.map_or("", |account| account_text(account, *field)), |text| exact(field.column(), text))
            }
            Self::AccountNumber(field, test) => test.holds(facts.account.and_then(|account| account_number(account, *field))),
            Self::EngagementCount(field, test) => test.holds(Some(facts.engagement.map_or(0, |engagement| engagement.count(*field)))),
            Self::EngagementDate(field, test) => on_time(test, facts.engagement.and_then(|engagement| engagement.date(*field)), now),
            Self::Custom(key, test) => test.holds(lead.custom.get(key.as_str()).unwrap_or(&Value::Null), now),
            Self::Search(words) => crate::search::holds(lead, words),
        }
    }
}

fn in_segments(keys: &[SegmentKey], facts: &Facts<'_>, now: Timestamp) -> bool {
    keys.iter().any(|key| match &key.means {
        Some(Means::Matching(filter)) => filter.matches(facts, now),
        Some(Means::Members) | None => facts.segments.contains(&key.id()),
    })
}

fn on_time(test: &DateTest, at: Option<Timestamp>, now: Timestamp) -> bool {
    test.stretch(now, Grain::Instant).holds(at.map(micros))
}

impl TextTest {
    /// `exact`: the form in which the column keeps a text, if its spellings cannot differ.
    fn holds(&self, stored: &str, exact: impl Fn(&str) -> Option<String>) -> bool {
        let is = |text: &String| exact(text).map_or_else(|| fold(stored) == fold(text), |text| stored == text);
        match self {
            Self::Is(text) => is(text),
            Self::IsNot(text) => !is(text),
            Self::In(texts) => texts.iter().any(is),
            Self::NotIn(texts) => !texts.iter().any(is),
            Self::Contains(text) => fold(stored).contains(&fold(text)),
            Self::NotContains(text) => !fold(stored).contains(&fold(text)),
            Self::StartsWith(text) => fold(stored).starts_with(&fold(text)),
            Self::EndsWith(text) => fold(stored).ends_with(&fold(text)),
            Self::IsEmpty => stored.is_empty(),
            Self::IsKnown => !stored.is_empty(),
        }
    }
}

impl<N: PartialOrd + Copy> NumberTest<N> {
    pub(super) fn holds(&self, stored: Option<N>) -> bool {
        let known = |test: &dyn Fn(N) -> bool| stored.is_some_and(test);
        match self {
            Self::Is(number) => known(&|stored| stored == *number),
            Self::IsNot(number) => !known(&|stored| stored == *number),
            Self::Gt(number) => known(&|stored| stored > *number),
            Self::Gte(number) => known(&|stored| stored >= *number),
            Self::Lt(number) => known(&|stored| stored < *number),
            Self::Lte(number) => known(&|stored| stored <= *number),
            Self::Between(from, to) => known(&|stored| *from <= stored && stored <= *to),
            Self::IsEmpty => stored.is_none(),
            Self::IsKnown => stored.is_some(),
        }
    }
}

impl TagsTest {
    fn holds(&self, stored: &[String]) -> bool {
        match self {
            Self::Has(tag) => stored.contains(tag),
            Self::HasAny(tags) => tags.iter().any(|tag| stored.contains(tag)),
            Self::HasNone(tags) => !tags.iter().any(|tag| stored.contains(tag)),
            Self::IsEmpty => stored.is_empty(),
            Self::IsKnown => !stored.is_empty(),
        }
    }
}

impl<T: PartialEq> SetTest<T> {
    fn holds(&self, stored: Option<&T>) -> bool {
        match self {
            Self::Is(one) => stored == Some(one),
            Self::IsNot(one) => stored != Some(one),
            Self::In(many) => stored.is_some_and(|stored| many.contains(stored)),
            Self::NotIn(many) => !stored.is_some_and(|stored| many.contains(stored)),
            Self::IsEmpty => stored.is_none(),
            Self::IsKnown => stored.is_some(),
        }
    }
}

impl CustomTest {
    /// A value of another type than the test asks about is like none.
    fn holds(&self, stored: &Value, now: Timestamp) -> bool {
        match self {
            Self::Text(test) => test.holds(stored.as_str().unwrap_or_default(), |_| None),
            Self::Number(test) => test.holds(stored.as_f64()),
            Self::Date(test) => on_day(test.stretch(now, Grain::Day), stored.as_str().filter(|text| is_day(text))),
            Self::Bool(yes) => stored.as_bool() == Some(*yes),
            Self::NotBool(yes) => stored.as_bool() != Some(*yes),
            Self::IsEmpty => stored.is_null() || stored.as_str() == Some(""),
            Self::IsKnown => !stored.is_null() && stored.as_str() != Some(""),
        }
    }
}

/// Days are kept as `2026-01-31`, so that their order is that of their letters.
fn on_day(stretch: Stretch, stored: Option<&str>) -> bool {
    let day = |at| super::time::day_of(at).to_string();
    match (stretch, stored) {
        (Stretch::Within(from, to), Some(stored)) => *day(from) <= *stored && *stored < *day(to),
        (Stretch::Outside(from, to), Some(stored)) => *stored < *day(from) || *day(to) <= *stored,
        (Stretch::Outside(..) | Stretch::IsEmpty, None) | (Stretch::IsKnown, Some(_)) => true,
        (Stretch::Within(..) | Stretch::IsKnown, None) | (Stretch::IsEmpty, Some(_)) => false,
    }
}

/// The shape of a stored day, as the SQL looks for it.
fn is_day(text: &str) -> bool {
    text.len() == 10 && text.bytes().enumerate().all(|(at, b)| if at == 4 || at == 7 { b == b'-' } else { b.is_ascii_digit() })
}

fn text(lead: &Lead, field: TextField) -> &str {
    match field {
        TextField::FirstName => &lead.first_name,
        TextField::LastName => &lead.last_name,
        TextField::Email => lead.email.as_deref().unwrap_or_default(),
        TextField::Phone => &lead.phone,
        TextField::Title => &lead.title,
        TextField::Seniority => &lead.seniority,
        TextField::Department => &lead.department,
        TextField::LinkedinUrl => &lead.linkedin_url,
        TextField::CompanyName => &lead.company_name,
        TextField::CompanyDomain => &lead.company_domain,
        TextField::Industry => &lead.industry,
        TextField::Country => &lead.country,
        TextField::City => &lead.city,
        TextField::Source => &lead.source,
        TextField::ExternalId => &lead.external_id,
    }
}

fn number(lead: &Lead, field: NumberField) -> Option<i64> {
    match field {
        NumberField::Score => Some(i64::from(lead.score)),
        NumberField::EmployeeCount => lead.employee_count.map(i64::from),
        NumberField::AnnualRevenue => lead.annual_revenue,
    }
}

const fn time(lead: &Lead, field: DateField) -> Option<Timestamp> {
    match field {
        DateField::CreatedAt => Some(lead.created_at),
        DateField::UpdatedAt => Some(lead.updated_at),
        DateField::LastActivityAt => lead.last_activity_at,
    }
}

fn account_text(account: &Account, field: AccountText) -> &str {
    match field {
        AccountText::Name => &account.name,
        AccountText::Domain => &account.domain,
        AccountText::Industry => &account.industry,
        AccountText::Country => &account.country,
        AccountText::City => &account.city,
    }
}

fn account_number(account: &Account, field: AccountNumber) -> Option<i64> {
    match field {
        AccountNumber::EmployeeCount => account.employee_count.map(i64::from),
        AccountNumber::AnnualRevenue => account.annual_revenue,
    }
}

impl Engagement {
    fn count(&self, field: EngagementCount) -> i64 {
        i64::from(match field {
            EngagementCount::Sends => self.sends,
            EngagementCount::Opens => self.opens,
            EngagementCount::Clicks => self.clicks,
            EngagementCount::Replies => self.replies,
            EngagementCount::Bounces => self.bounces,
        })
    }

    const fn date(&self, field: EngagementDate) -> Option<Timestamp> {
        match field {
            EngagementDate::LastContacted => self.last_contacted,
            EngagementDate::LastOpened => self.last_opened,
            EngagementDate::LastClicked => self.last_clicked,
            EngagementDate::LastReplied => self.last_replied,
            EngagementDate::LastBounced => self.last_bounced,
        }
    }
}
