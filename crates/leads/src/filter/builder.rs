//! The choices of the filter builder.

use identity::Member;
use kernel::SegmentId;
use ui::{FilterField, FilterInput};

use super::{FIELD_CHOICES, Kind};
use crate::{
    Status,
    custom_fields::{Field, FieldKind},
};

/// Every field a person can choose from, with the organisation's custom fields and `segments` by name; an account is chosen on its
/// own page.
pub fn builder_fields(members: &[Member], custom: &[Field], segments: &[(SegmentId, String)]) -> Vec<FilterField> {
    let is_offered = |kind: Kind| kind != Kind::Account && (kind != Kind::Segment || !segments.is_empty());
    let fixed = FIELD_CHOICES.iter().filter(|choice| is_offered(choice.kind)).map(|choice| FilterField {
        name: choice.name.to_owned(),
        label: choice.label.to_owned(),
        group: group(choice.name),
        operators: operators(choice.kind),
        options: options(choice.kind, members, segments),
        suggests: matches!(choice.kind, Kind::Text | Kind::Tags) && crate::store::suggest::answers(choice.name),
    });
    let custom = custom.iter().filter(|field| field.archived_at.is_none()).map(|field| FilterField {
        name: format!("custom.{}", field.key),
        label: field.label.clone(),
        group: "Custom fields",
        operators: operators(kind_of(field.kind)),
        options: match field.kind {
            FieldKind::Choice => field.options.iter().map(|option| (option.clone(), option.clone())).collect(),
            FieldKind::Bool => vec![("true".to_owned(), "Yes".to_owned()), ("false".to_owned(), "No".to_owned())],
            FieldKind::Text | FieldKind::Number | FieldKind::Date | FieldKind::Url => Vec::new(),
        },
        suggests: false,
    });
    fixed.chain(custom).collect()
}

fn group(name: &str) -> &'static str {
    match name.split_once('.') {
        Some(("account", _)) => "Account",
        Some(("engagement", _)) => "Engagement",
        _ => "Lead",
    }
}

/// What a custom field of this kind can be asked.
const fn kind_of(kind: FieldKind) -> Kind {
    match kind {
        FieldKind::Text | FieldKind::Url => Kind::Text,
        FieldKind::Number => Kind::Number,
        FieldKind::Bool => Kind::Bool,
        FieldKind::Date => Kind::Date,
        FieldKind::Choice => Kind::Choice,
    }
}

fn operators(kind: Kind) -> Vec<ui::FilterOperator> {
    kind.operators().iter().map(|(name, label)| (*name, *label, input(kind, name))).collect()
}

fn input(kind: Kind, operator: &str) -> FilterInput {
    match (kind, operator) {
        (_, "is_known" | "is_empty" | "today" | "this_week" | "this_month") => FilterInput::None,
        (Kind::Date, "between") => FilterInput::DatePair,
        (_, "between") => FilterInput::NumberPair,
        (_, operator) if operator.ends_with("_days") => FilterInput::Days,
        (Kind::Status | Kind::Owner | Kind::Segment | Kind::Choice, "in" | "not_in") => FilterInput::Choices,
        (Kind::Status | Kind::Owner | Kind::Segment | Kind::Choice, _) => FilterInput::Choice,
        (Kind::Bool, _) => FilterInput::YesNo,
        (_, "in" | "not_in" | "has_any" | "has_none") => FilterInput::List,
        (Kind::Number, _) | (Kind::Custom, "gte" | "lte" | "gt" | "lt") => FilterInput::Number,
        (Kind::Date, _) => FilterInput::Date,
        (Kind::Text | Kind::Tags | Kind::Account | Kind::Custom | Kind::Search, _) => FilterInput::Text,
    }
}

fn options(kind: Kind, members: &[Member], segments: &[(SegmentId, String)]) -> Vec<(String, String)> {
    match kind {
        Kind::Status => Status::ALL.iter().map(|status| (status.as_str().to_owned(), status.label().to_owned())).collect(),
        Kind::Owner => members.iter().map(|member| (member.id.to_string(), member.name.clone())).collect(),
        Kind::Segment => segments.iter().map(|(id, name)| (id.to_string(), name.clone())).collect(),
        Kind::Text | Kind::Number | Kind::Date | Kind::Bool | Kind::Choice | Kind::Tags | Kind::Account | Kind::Custom | Kind::Search => {
            Vec::new()
        }
    }
}
