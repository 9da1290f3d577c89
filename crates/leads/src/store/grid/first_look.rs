//! The first look at a list: a walk along the sort, by one plan for all values.
//!
//! The best plan for a filter depends on its values, and making one takes PostgreSQL longer than finding a page does. Where the
//! index of the sort holds all that is asked for, no values have a better plan than walking along it. Elsewhere most pages are
//! found among the first leads of their sort, whatever the values: those are looked at, and only what is not found there is
//! planned for. Either statement can do nothing but walk, so it is planned once for each connection.

use super::sort::SortKey;
use crate::{
    filter::{Condition, DateField, Filter, Node, NumberField, SetTest, TagsTest, TextField, TextTest},
    model::country,
};

/// How many leads it passes where it reads each from the table: a few milliseconds.
const STEPS: i64 = 1_500;

/// A filter as the walk takes it.
pub(super) struct FirstLook {
    /// Where an index begins the walk: what holds for every lead on the way.
    pub(super) along: Filter,
    /// What is looked at on the way.
    pub(super) rest: Filter,
    /// How far it goes; nothing: to the end.
    pub(super) steps: Option<i64>,
}

impl FirstLook {
    /// Nothing if no index has the order, or if one may lead to the few leads that are meant without any walk.
    pub(super) fn at(filter: &Filter, sort: SortKey) -> Option<Self> {
        if !sort.is_indexed() || filter.parts().iter().any(names_few) {
            return None;
        }
        let (along, rest): (Vec<Node>, Vec<Node>) = filter.parts().iter().cloned().partition(|part| begins(part, sort));
        let begins_with = |condition: fn(&Condition) -> bool| along.iter().any(|part| matches!(part, Node::If(found) if condition(found)));
        let of_country = begins_with(|condition| matches!(condition, Condition::Text(..)));
        let of_owner = begins_with(|condition| matches!(condition, Condition::Owner(_)));
        // The index of owners holds nothing else.
        let is_whole = rest.is_empty() || !of_owner && rest.iter().all(|part| is_in_index(part, sort, of_country));
        Some(Self { along: Filter { root: Node::All(along) }, rest: Filter { root: Node::All(rest) }, steps: (!is_whole).then_some(STEPS) })
    }
}

/// Whether an index of its own answers, and mostly with few leads.
pub(super) fn names_few(part: &Node) -> bool {
    match part {
        Node::If(condition) => match condition {
            Condition::Text(TextField::Email | TextField::CompanyDomain | TextField::ExternalId, test) => {
                matches!(test, TextTest::Is(_) | TextTest::In(_))
            }
            Condition::Tags(test) => matches!(test, TagsTest::Has(_) | TagsTest::HasAny(_)),
            Condition::Account(test) => matches!(test, SetTest::Is(_) | SetTest::In(_)),
            Condition::Segment(_)
            | Condition::AccountText(..)
            | Condition::AccountNumber(..)
            | Condition::EngagementCount(..)
            | Condition::EngagementDate(..)
            | Condition::Custom(..)
            | Condition::Search(_) => true,
            _ => false,
        },
        Node::Any(parts) | Node::All(parts) => parts.iter().any(names_few),
        Node::Not(inner) => names_few(inner),
    }
}

/// Whether the index that has the order begins with it: then nobody else is met on the way.
fn begins(part: &Node, sort: SortKey) -> bool {
    let Node::If(condition) = part else { return false };
    match (sort, condition) {
        // `leads_by_country`, where a country is its code, and `leads_by_owner`.
        (SortKey::Score, Condition::Text(TextField::Country, TextTest::Is(text))) => country::code(text).is_some(),
        (SortKey::Score, Condition::Owner(SetTest::Is(_)) | Condition::Number(NumberField::Score, _))
        | (SortKey::Created, Condition::Date(DateField::CreatedAt, _)) => true,
        _ => false,
    }
}

/// Whether the index of the order holds what is asked for (migration 20 says which hold what).
fn is_in_index(part: &Node, sort: SortKey, of_country: bool) -> bool {
    match part {
        Node::If(condition) => match (sort, condition) {
            (SortKey::Score | SortKey::LastActivity, Condition::Status(_) | Condition::Owner(_))
            | (SortKey::Score, Condition::Text(TextField::Country | TextField::Seniority, _))
            | (SortKey::Score, Condition::Number(NumberField::EmployeeCount, _))
            | (SortKey::LastActivity, Condition::Date(DateField::LastActivityAt, _)) => true,
            (SortKey::Score, Condition::Text(TextField::Industry, _)) => of_country,
            _ => false,
        },
        Node::Any(parts) | Node::All(parts) => parts.iter().all(|part| is_in_index(part, sort, of_country)),
        Node::Not(inner) => is_in_index(inner, sort, of_country),
    }
}
