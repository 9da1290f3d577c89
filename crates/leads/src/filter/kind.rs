//! Fields, what they hold, and which operators that allows.

use super::{AccountNumber, AccountText, DateField, EngagementCount, EngagementDate, NumberField, TextField};

/// What a field holds, which decides its operators and the control that asks for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Date,
    Bool,
    Choice,
    Tags,
    Status,
    Owner,
    Account,
    Segment,
    /// A custom field whose kind is not at hand.
    Custom,
    Search,
}

/// A field that the builder offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldChoice {
    pub name: &'static str,
    pub label: &'static str,
    pub kind: Kind,
}

const fn choice(name: &'static str, label: &'static str, kind: Kind) -> FieldChoice {
    FieldChoice { name, label, kind }
}

/// Every field with a fixed name, in the order in which the builder lists them.
pub const FIELD_CHOICES: &[FieldChoice] = &[
    choice("status", "Status", Kind::Status),
    choice("score", "Score", Kind::Number),
    choice("owner", "Owner", Kind::Owner),
    choice("tags", "Tags", Kind::Tags),
    choice("segment", "Segment", Kind::Segment),
    choice("country", "Country", Kind::Text),
    choice("city", "City", Kind::Text),
    choice("title", "Job title", Kind::Text),
    choice("seniority", "Seniority", Kind::Text),
    choice("department", "Department", Kind::Text),
    choice("company_name", "Company", Kind::Text),
    choice("company_domain", "Company domain", Kind::Text),
    choice("industry", "Industry", Kind::Text),
    choice("employee_count", "Employees", Kind::Number),
    choice("annual_revenue", "Annual revenue", Kind::Number),
    choice("first_name", "First name", Kind::Text),
    choice("last_name", "Last name", Kind::Text),
    choice("email", "E-mail", Kind::Text),
    choice("phone", "Phone", Kind::Text),
    choice("linkedin_url", "LinkedIn", Kind::Text),
    choice("source", "Source", Kind::Text),
    choice("external_id", "External id", Kind::Text),
    choice("created_at", "Created", Kind::Date),
    choice("updated_at", "Updated", Kind::Date),
    choice("last_activity_at", "Last activity", Kind::Date),
    choice("engagement.sends", "Mails sent", Kind::Number),
    choice("engagement.opens", "Mails opened", Kind::Number),
    choice("engagement.clicks", "Links clicked", Kind::Number),
    choice("engagement.replies", "Replies", Kind::Number),
    choice("engagement.bounces", "Bounces", Kind::Number),
    choice("engagement.last_contacted", "Last contacted", Kind::Date),
    choice("engagement.last_opened", "Last opened", Kind::Date),
    choice("engagement.last_clicked", "Last clicked", Kind::Date),
    choice("engagement.last_replied", "Last replied", Kind::Date),
    choice("engagement.last_bounced", "Last bounced", Kind::Date),
    choice("account.name", "Account name", Kind::Text),
    choice("account.domain", "Account domain", Kind::Text),
    choice("account.industry", "Account industry", Kind::Text),
    choice("account.employee_count", "Account employees", Kind::Number),
    choice("account.annual_revenue", "Account revenue", Kind::Number),
    choice("account.country", "Account country", Kind::Text),
    choice("account.city", "Account city", Kind::Text),
    choice("account", "Account", Kind::Account),
    choice("search", "Any of name, e-mail, company, title", Kind::Search),
];

const TEXT: &[(&str, &str)] = &[
    ("is", "is"),
    ("is_not", "is not"),
    ("in", "is any of"),
    ("not_in", "is none of"),
    ("contains", "contains"),
    ("not_contains", "does not contain"),
    ("starts_with", "starts with"),
    ("ends_with", "ends with"),
    ("is_known", "is known"),
    ("is_empty", "is empty"),
];

const NUMBER: &[(&str, &str)] = &[
    ("gte", "is at least"),
    ("lte", "is at most"),
    ("gt", "is more than"),
    ("lt", "is less than"),
    ("is", "is"),
    ("is_not", "is not"),
    ("between", "is between"),
    ("is_known", "is known"),
    ("is_empty", "is empty"),
];

const DATE: &[(&str, &str)] = &[
    ("within_last_days", "within the last days"),
    ("not_within_last_days", "not within the last days"),
    ("older_than_days", "more days ago than"),
    ("in_next_days", "in the next days"),
    ("today", "is today"),
    ("this_week", "is this week"),
    ("this_month", "is this month"),
    ("is", "is on"),
    ("after", "is after"),
    ("before", "is before"),
    ("between", "is between"),
    ("is_known", "is known"),
    ("is_empty", "is empty"),
];

const SET: &[(&str, &str)] = &[
    ("is", "is"),
    ("is_not", "is not"),
    ("in", "is any of"),
    ("not_in", "is none of"),
    ("is_known", "is known"),
    ("is_empty", "is empty"),
];

impl Kind {
    /// The kind of the field with this name, and of `custom.anything`.
    pub fn of(field: &str) -> Option<Self> {
        let fixed = FIELD_CHOICES.iter().find(|choice| choice.name == field).map(|choice| choice.kind);
        fixed.or_else(|| field.starts_with("custom.").then_some(Self::Custom))
    }

    /// The operators with their words, in the order in which the builder lists them.
    pub const fn operators(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Text => TEXT,
            Self::Number => NUMBER,
            Self::Date => DATE,
            Self::Bool => &[("is", "is"), ("is_not", "is not"), ("is_known", "is known"), ("is_empty", "is empty")],
            Self::Choice => &[
                ("in", "is any of"),
                ("is", "is"),
                ("is_not", "is not"),
                ("not_in", "is none of"),
                ("is_known", "is known"),
                ("is_empty", "is empty"),
            ],
            Self::Tags => &[
                ("has", "has"),
                ("has_any", "has any of"),
                ("has_none", "has none of"),
                ("is_known", "is known"),
                ("is_empty", "is empty"),
            ],
            Self::Status => &[("in", "is any of"), ("not_in", "is none of"), ("is", "is"), ("is_not", "is not")],
            Self::Owner | Self::Account => SET,
            Self::Segment => &[("in", "is any of"), ("not_in", "is none of")],
            // Those of all the kinds that it may be.
            Self::Custom => &[
                ("is", "is"),
                ("is_not", "is not"),
                ("in", "is any of"),
                ("not_in", "is none of"),
                ("contains", "contains"),
                ("not_contains", "does not contain"),
                ("starts_with", "starts with"),
                ("ends_with", "ends with"),
                ("gte", "is at least"),
                ("lte", "is at most"),
                ("gt", "is more than"),
                ("lt", "is less than"),
                ("between", "is between"),
                ("within_last_days", "within the last days"),
                ("not_within_last_days", "not within the last days"),
                ("older_than_days", "more days ago than"),
                ("in_next_days", "in the next days"),
                ("today", "is today"),
                ("this_week", "is this week"),
                ("this_month", "is this month"),
                ("after", "is after"),
                ("before", "is before"),
                ("is_known", "is known"),
                ("is_empty", "is empty"),
            ],
            Self::Search => &[("contains", "contains")],
        }
    }

    /// Every name that a filter can use, for whoever has nearly written one.
    pub(super) fn field_names() -> impl Iterator<Item = &'static str> {
        let names = |choice: &FieldChoice| choice.name;
        FIELD_CHOICES.iter().map(names)
    }

    pub(super) fn operator_label(self, op: &str) -> &'static str {
        self.operators().iter().find(|(name, _)| *name == op).map_or("", |(_, label)| label)
    }
}

/// A field with a fixed name whose operators depend on nothing else.
#[derive(Debug, Clone, Copy)]
pub(super) enum Plain {
    Text(TextField),
    Number(NumberField),
    Date(DateField),
    AccountText(AccountText),
    AccountNumber(AccountNumber),
    EngagementCount(EngagementCount),
    EngagementDate(EngagementDate),
}

impl Plain {
    pub(super) fn of(name: &str) -> Option<Self> {
        TextField::of(name)
            .map(Self::Text)
            .or_else(|| NumberField::of(name).map(Self::Number))
            .or_else(|| DateField::of(name).map(Self::Date))
            .or_else(|| AccountText::of(name).map(Self::AccountText))
            .or_else(|| AccountNumber::of(name).map(Self::AccountNumber))
            .or_else(|| EngagementCount::of(name).map(Self::EngagementCount))
            .or_else(|| EngagementDate::of(name).map(Self::EngagementDate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_offered_with_its_own_name_and_words() {
        let named = |name: &str, label: &str| FIELD_CHOICES.iter().any(|choice| choice.name == name && choice.label == label);
        assert!(TextField::ALL.iter().all(|field| named(field.name(), field.label())));
        assert!(NumberField::ALL.iter().all(|field| named(field.name(), field.label())));
        assert!(DateField::ALL.iter().all(|field| named(field.name(), field.label())));
        assert!(AccountText::ALL.iter().all(|field| named(field.name(), field.label())));
        assert!(AccountNumber::ALL.iter().all(|field| named(field.name(), field.label())));
        assert!(EngagementCount::ALL.iter().all(|field| named(field.name(), field.label())));
        assert!(EngagementDate::ALL.iter().all(|field| named(field.name(), field.label())));
    }
}
