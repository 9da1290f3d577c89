//! The orders of a list.

use http_kit::FieldError;
use jiff::Timestamp;

use crate::{custom_fields::SortedField, model::is_custom_key};

/// What a list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    Score,
    Created,
    Updated,
    Name,
    Title,
    Company,
    Industry,
    Employees,
    Country,
    Status,
    LastActivity,
    /// A custom field.
    Custom(SortedField),
}

/// An order of leads: total, because the id decides between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::Score, descending: true }
    }
}

impl SortKey {
    /// Those that every lead has.
    const ALL: [Self; 11] = [
        Self::Score,
        Self::Created,
        Self::Updated,
        Self::Name,
        Self::Title,
        Self::Company,
        Self::Industry,
        Self::Employees,
        Self::Country,
        Self::Status,
        Self::LastActivity,
    ];

    /// The name in `?sort=`.
    pub fn name(&self) -> &str {
        match self {
            Self::Score => "score",
            Self::Created => "created_at",
            Self::Updated => "updated_at",
            Self::Name => "name",
            Self::Title => "title",
            Self::Company => "company",
            Self::Industry => "industry",
            Self::Employees => "employees",
            Self::Country => "country",
            Self::Status => "status",
            Self::LastActivity => "last_activity",
            Self::Custom(field) => field.name(),
        }
    }

    /// Whether people read it from A rather than from the greatest.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::Name | Self::Title | Self::Company | Self::Industry | Self::Country | Self::Status)
    }

    /// The key that this name names; a custom field need not be there.
    fn parse(name: &str) -> Option<Self> {
        if name.strip_prefix("custom.").is_some_and(is_custom_key) {
            return SortedField::named(name).map(Self::Custom);
        }
        Self::ALL.into_iter().find(|key| key.name() == name)
    }

    /// The expressions sorted by, and their types. An index gives the order of score, creation, name, company, employees and
    /// last activity, and mostly of a custom field; the others are sorted when they are asked for, for they are asked for rarely and each
    /// index costs every import.
    fn columns(self, descending: bool) -> Vec<(String, &'static str)> {
        let fixed: &[(&str, &'static str)] = match self {
            Self::Custom(field) => return field.expressions(descending).into(),
            Self::Score => &[("l.score", "int")],
            Self::Created => &[("l.created_at", "timestamptz")],
            Self::Updated => &[("l.updated_at", "timestamptz")],
            Self::Name => &[("lower(l.last_name)", "text"), ("lower(l.first_name)", "text")],
            Self::Title => &[("lower(l.title)", "text")],
            Self::Company => &[("lower(l.company_name)", "text")],
            Self::Industry => &[("lower(l.industry)", "text")],
            Self::Employees => &[("coalesce(l.employee_count, -1)", "int")],
            Self::Country => &[("l.country", "text")],
            // In the order in which a lead goes through them.
            Self::Status => &[("array_position('{new,contacted,replied,qualified,converted,lost,unsubscribed}'::text[], l.status)", "int")],
            Self::LastActivity => &[("coalesce(l.last_activity_at, '-infinity')", "timestamptz")],
        };
        fixed.iter().map(|(expression, kind)| ((*expression).to_owned(), *kind)).collect()
    }

    /// Whether an index has the order.
    pub(super) const fn is_indexed(self) -> bool {
        matches!(self, Self::Score | Self::Created | Self::Name | Self::Company | Self::Employees | Self::LastActivity)
    }

    /// Whether the index of the order holds the searched text, too.
    pub(super) const fn covers_search(self) -> bool {
        matches!(self, Self::Score)
    }
}

impl Sort {
    /// Reads `-score`, `name` and so on; empty is the default.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        SortKey::parse(name).map(|key| Self { key, descending }).ok_or_else(|| {
            let names = SortKey::ALL.iter().map(SortKey::name).collect::<Vec<_>>().join(", ");
            let why = format!("The list sorts by {names} and custom.KEY for a custom field; a - before the name turns it round");
            FieldError::new("/sort", "sort.unknown", why)
        })
    }

    /// The expressions sorted by, and their types.
    pub(super) fn columns(self) -> Vec<(String, &'static str)> {
        self.key.columns(self.descending)
    }

    /// Whether PostgreSQL could read these texts as the keys of this order: a malformed one of a cursor would be our error
    /// instead of the caller's.
    pub(super) fn reads(self, keys: &[String]) -> bool {
        let columns = self.columns();
        keys.len() == columns.len()
            && columns.iter().zip(keys).all(|((_, kind), key)| match *kind {
                "int" => key.parse::<i32>().is_ok(),
                // As PostgreSQL writes them: others it might refuse as too large or too small.
                "float8" => {
                    matches!(key.as_str(), "-Infinity" | "Infinity" | "0" | "-0")
                        || key.parse::<f64>().is_ok_and(|number| number.is_normal() || number.is_subnormal())
                }
                "timestamptz" => key == "-infinity" || key.replacen(' ', "T", 1).parse::<Timestamp>().is_ok(),
                _ => !key.contains('\0'),
            })
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key.name())
    }
}
