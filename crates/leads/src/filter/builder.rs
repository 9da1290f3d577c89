//! The choices of the filter builder.

use identity::Member;
use ui::{FilterField, FilterInput};

use super::{FIELD_CHOICES, Kind};
use crate::Status;

/// Every field a person can choose from, with the organisation's custom fields; an account is chosen on its own page.
pub fn builder_fields(members: &[Member], custom: &[String]) -> Vec<FilterField> {
    let fixed = FIELD_CHOICES
        .iter()
        .filter(|choice| choice.kind != Kind::Account)
        .map(|choice| (choice.name.to_owned(), choice.label.to_owned(), choice.kind));
    let custom = custom.iter().map(|name| (format!("custom.{name}"), name.replace('_', " "), Kind::Custom));
    fixed
        .chain(custom)
        .map(|(name, label, kind)| FilterField { name, label, operators: operators(kind), options: options(kind, members) })
        .collect()
}

/// `between` needs two values, which the builder has no control for; JSON can say it.
fn operators(kind: Kind) -> Vec<ui::FilterOperator> {
    kind.operators().iter().filter(|(name, _)| *name != "between").map(|(name, label)| (*name, *label, input(kind, name))).collect()
}

fn input(kind: Kind, operator: &str) -> FilterInput {
    match (kind, operator) {
        (_, "is_known" | "is_empty") => FilterInput::None,
        (Kind::Status | Kind::Owner, "in") => FilterInput::Choices,
        (Kind::Status | Kind::Owner, _) => FilterInput::Choice,
        (_, "in" | "has_any" | "has_none") => FilterInput::List,
        (_, "within_last_days") | (Kind::Number, _) | (Kind::Custom, "gte" | "lte") => FilterInput::Number,
        (Kind::Date, _) => FilterInput::Date,
        _ => FilterInput::Text,
    }
}

fn options(kind: Kind, members: &[Member]) -> Vec<(String, String)> {
    match kind {
        Kind::Status => Status::ALL.iter().map(|status| (status.as_str().to_owned(), status.label().to_owned())).collect(),
        Kind::Owner => members.iter().map(|member| (member.id.to_string(), member.name.clone())).collect(),
        Kind::Text | Kind::Number | Kind::Date | Kind::Tags | Kind::Account | Kind::Custom | Kind::Search => Vec::new(),
    }
}
