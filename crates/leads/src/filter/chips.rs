//! A filter as people read it: chips and a sentence.

use serde_json::Value;

use super::{AccountNumber, AccountText, Condition, CustomTest, Filter, Kind, Node, NumberField, TextField};
use crate::{
    custom_fields::Registry,
    model::{Status, country},
};

/// One part of a filter in words: `Status` `is any of` `New, Contacted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    pub field: String,
    pub operator: String,
    pub value: String,
}

/// What the field that a filter names as `custom.KEY` is called: for [`Filter::chips`].
pub fn custom_name(fields: &Registry, name: &str) -> Option<String> {
    Some(fields.get(name.strip_prefix("custom.")?)?.label.clone())
}

impl Filter {
    /// The parts that must all hold, in words. `names` turns the id of a user, account or segment, or a custom field as
    /// `custom.KEY`, into what people call it.
    pub fn chips(&self, names: &dyn Fn(&str) -> Option<String>) -> Vec<Chip> {
        self.parts().iter().map(|part| chip(part, names)).collect()
    }

    /// The whole filter as a sentence: `Country is United States and (Score is at least 60 or Tags has vip)`.
    pub fn describe(&self, names: &dyn Fn(&str) -> Option<String>) -> String {
        if self.is_empty() { "All leads".to_owned() } else { sentence(&self.root, names, true) }
    }
}

fn chip(node: &Node, names: &dyn Fn(&str) -> Option<String>) -> Chip {
    match node {
        Node::If(condition) => condition.chip(names),
        Node::All(_) => Chip { field: "All of".to_owned(), operator: String::new(), value: sentence(node, names, true) },
        Node::Any(_) => Chip { field: "Any of".to_owned(), operator: String::new(), value: sentence(node, names, true) },
        Node::Not(inner) => Chip { field: "Not".to_owned(), operator: String::new(), value: sentence(inner, names, true) },
    }
}

fn sentence(node: &Node, names: &dyn Fn(&str) -> Option<String>, outermost: bool) -> String {
    let group = |nodes: &[Node], with: &str, none: &str| {
        let parts: Vec<String> = nodes.iter().map(|node| sentence(node, names, nodes.len() == 1)).collect();
        match parts.as_slice() {
            [] => none.to_owned(),
            [one] => one.clone(),
            many if outermost => many.join(with),
            many => format!("({})", many.join(with)),
        }
    };
    match node {
        Node::All(nodes) => group(nodes, " and ", "anyone"),
        Node::Any(nodes) => group(nodes, " or ", "nobody"),
        Node::Not(inner) => format!("not {}", sentence(inner, names, false)),
        Node::If(condition) => {
            let chip = condition.chip(names);
            [chip.field, chip.operator, chip.value].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
        }
    }
}

impl Condition {
    /// The field's kind; that of a custom field's test.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(..) | Self::AccountText(..) => Kind::Text,
            Self::Number(..) | Self::AccountNumber(..) | Self::EngagementCount(..) => Kind::Number,
            Self::Date(..) | Self::EngagementDate(..) => Kind::Date,
            Self::Tags(_) => Kind::Tags,
            Self::Status(_) => Kind::Status,
            Self::Owner(_) => Kind::Owner,
            Self::Account(_) => Kind::Account,
            Self::Segment(_) => Kind::Segment,
            Self::Custom(_, CustomTest::Date(_)) => Kind::Date,
            Self::Custom(..) => Kind::Custom,
            Self::Search(_) => Kind::Search,
        }
    }

    fn label(&self, names: &dyn Fn(&str) -> Option<String>) -> String {
        match self {
            Self::Text(field, _) => field.label(),
            Self::Number(field, _) => field.label(),
            Self::Date(field, _) => field.label(),
            Self::AccountText(field, _) => field.label(),
            Self::AccountNumber(field, _) => field.label(),
            Self::EngagementCount(field, _) => field.label(),
            Self::EngagementDate(field, _) => field.label(),
            Self::Tags(_) => "Tags",
            Self::Status(_) => "Status",
            Self::Owner(_) => "Owner",
            Self::Account(_) => "Account",
            Self::Segment(_) => "Segment",
            Self::Search(_) => "Search",
            // A field that is gone is called by its key.
            Self::Custom(key, _) => {
                let key = key.as_str();
                return names(&format!("custom.{key}")).unwrap_or_else(|| key.replace('_', " "));
            }
        }
        .to_owned()
    }

    fn chip(&self, names: &dyn Fn(&str) -> Option<String>) -> Chip {
        let (_, op, value) = self.spell();
        let say = |value: &Value| match (self, value) {
            (Self::Status(_), Value::String(text)) => {
                text.parse::<Status>().map_or_else(|_| text.clone(), |status| status.label().to_owned())
            }
            (Self::Owner(_) | Self::Account(_), Value::String(id)) => names(id).unwrap_or_else(|| "somebody who left".to_owned()),
            (Self::Segment(_), Value::String(id)) => names(id).unwrap_or_else(|| "one that is gone".to_owned()),
            (Self::Text(TextField::Country, _) | Self::AccountText(AccountText::Country, _), Value::String(text)) => {
                country::code(text).map_or(text.as_str(), country::name).to_owned()
            }
            (
                Self::Number(NumberField::AnnualRevenue | NumberField::EmployeeCount, _)
                | Self::AccountNumber(AccountNumber::AnnualRevenue | AccountNumber::EmployeeCount, _),
                Value::Number(number),
            ) => number.as_i64().map_or_else(|| number.to_string(), ui::number),
            (_, Value::String(text)) => text.clone(),
            (_, Value::Bool(true)) => "yes".to_owned(),
            (_, Value::Bool(false)) => "no".to_owned(),
            (_, other) => other.to_string(),
        };
        let value = match &value {
            Value::Null => String::new(),
            Value::Array(items) if op == "between" => items.iter().map(say).collect::<Vec<_>>().join(" and "),
            Value::Array(items) if items.len() > 4 => {
                let shown: Vec<String> = items.iter().take(3).map(say).collect();
                format!("{} and {} more", shown.join(", "), items.len() - 3)
            }
            Value::Array(items) => items.iter().map(say).collect::<Vec<_>>().join(", "),
            one => say(one),
        };
        let (operator, value) = match op {
            "within_last_days" => ("within the last", format!("{value} days")),
            "not_within_last_days" => ("not within the last", format!("{value} days")),
            "older_than_days" => ("more than", format!("{value} days ago")),
            "in_next_days" => ("within the next", format!("{value} days")),
            // A list of one reads as what it is.
            op => match (self, op) {
                (Self::Segment(test), "in") if test.keys().len() == 1 => ("is", value),
                (Self::Segment(test), "not_in") if test.keys().len() == 1 => ("is not", value),
                _ => (self.kind().operator_label(op), value),
            },
        };
        Chip { field: self.label(names), operator: operator.to_owned(), value }
    }
}
