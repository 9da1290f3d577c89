//! A filter as people read it: chips, a sentence, and the choices of the builder.

use serde_json::Value;

use super::{Condition, DateField, Filter, Node, NumberField, TextField};
use crate::model::{Status, country};

/// One part of a filter in words: `Status` `is any of` `New, Contacted`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chip {
    pub field: String,
    pub operator: String,
    pub value: String,
}

/// What a field holds, which decides its operators and the control that asks for a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Date,
    Tags,
    Status,
    Owner,
    Account,
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
    choice("search", "Any of name, e-mail, company, title", Kind::Search),
];

impl Kind {
    /// The operators with their words, in the order in which the builder lists them.
    pub const fn operators(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Text => &[
                ("is", "is"),
                ("is_not", "is not"),
                ("in", "is any of"),
                ("contains", "contains"),
                ("starts_with", "starts with"),
                ("is_known", "is known"),
                ("is_empty", "is empty"),
            ],
            Self::Number => &[
                ("gte", "is at least"),
                ("lte", "is at most"),
                ("is", "is"),
                ("between", "is between"),
                ("is_known", "is known"),
                ("is_empty", "is empty"),
            ],
            Self::Date => &[
                ("within_last_days", "within the last days"),
                ("after", "is after"),
                ("before", "is before"),
                ("between", "is between"),
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
            Self::Status => &[("in", "is any of"), ("is", "is"), ("is_not", "is not")],
            Self::Owner => &[("is", "is"), ("is_not", "is not"), ("in", "is any of"), ("is_known", "is known"), ("is_empty", "is empty")],
            Self::Account => &[("is", "is"), ("is_not", "is not"), ("in", "is any of"), ("is_known", "is known"), ("is_empty", "is empty")],
            Self::Custom => &[
                ("is", "is"),
                ("is_not", "is not"),
                ("contains", "contains"),
                ("starts_with", "starts with"),
                ("gte", "is at least"),
                ("lte", "is at most"),
                ("between", "is between"),
                ("is_known", "is known"),
                ("is_empty", "is empty"),
            ],
            Self::Search => &[("contains", "contains")],
        }
    }

    fn operator_label(self, op: &str) -> &'static str {
        self.operators().iter().find(|(name, _)| *name == op).map_or("", |(_, label)| label)
    }
}

impl Filter {
    /// The parts that must all hold, in words. `names` turns the id of a user or account into a name.
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
    /// The field's kind.
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Text(..) => Kind::Text,
            Self::Number(..) => Kind::Number,
            Self::Date(..) => Kind::Date,
            Self::Tags(_) => Kind::Tags,
            Self::Status(_) => Kind::Status,
            Self::Owner(_) => Kind::Owner,
            Self::Account(_) => Kind::Account,
            Self::Custom(..) => Kind::Custom,
            Self::Search(_) => Kind::Search,
        }
    }

    fn chip(&self, names: &dyn Fn(&str) -> Option<String>) -> Chip {
        let (name, op, value) = self.spell();
        let say = |value: &Value| match (self, value) {
            (Self::Status(_), Value::String(text)) => {
                text.parse::<Status>().map_or_else(|_| text.clone(), |status| status.label().to_owned())
            }
            (Self::Owner(_) | Self::Account(_), Value::String(id)) => names(id).unwrap_or_else(|| "somebody who left".to_owned()),
            (Self::Text(TextField::Country, _), Value::String(text)) => country::code(text).map_or(text.as_str(), country::name).to_owned(),
            (Self::Number(NumberField::AnnualRevenue | NumberField::EmployeeCount, _), Value::Number(number)) => {
                number.as_i64().map_or_else(|| number.to_string(), ui::number)
            }
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
        let label = match self {
            Self::Text(field, _) => field.label().to_owned(),
            Self::Number(field, _) => NumberField::label(*field).to_owned(),
            Self::Date(field, _) => DateField::label(*field).to_owned(),
            Self::Tags(_) => "Tags".to_owned(),
            Self::Status(_) => "Status".to_owned(),
            Self::Owner(_) => "Owner".to_owned(),
            Self::Account(_) => "Account".to_owned(),
            Self::Search(_) => "Search".to_owned(),
            Self::Custom(..) => name.strip_prefix("custom.").unwrap_or(&name).replace('_', " "),
        };
        let operator = if op == "within_last_days" { "within the last" } else { self.kind().operator_label(op) };
        let value = if op == "within_last_days" { format!("{value} days") } else { value };
        Chip { field: label, operator: operator.to_owned(), value }
    }
}
