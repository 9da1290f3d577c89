//! The columns that a list of leads can show, by the names that addresses and saved views keep.

use crate::{model::is_custom_key, store::grid::SortKey};

/// One column. The lead's name always stands first and is none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// One that every lead has.
    Standard(Standard),
    /// A custom field, by its key.
    Custom(String),
}

/// The columns that every lead has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    Company,
    Status,
    Score,
    Owner,
    Tags,
    Country,
    LastActivity,
    Email,
    Phone,
    Title,
    Industry,
    Employees,
    Revenue,
    Seniority,
    Department,
    City,
    Domain,
    Linkedin,
    Source,
    ExternalId,
    FirstName,
    LastName,
    Created,
    Updated,
}

/// What a person types or chooses to change a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Editor {
    Text,
    Email,
    Tel,
    Url,
    Number,
    Date,
    Tags,
    Status,
    Owner,
    Bool,
    Choice,
}

impl Editor {
    /// As the scripts know it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Tel => "tel",
            Self::Url => "url",
            Self::Number => "number",
            Self::Date => "date",
            Self::Tags => "tags",
            Self::Status => "status",
            Self::Owner => "owner",
            Self::Bool => "bool",
            Self::Choice => "choice",
        }
    }
}

/// Name, label, and the lead's field with its editor where a cell can be changed.
type About = (&'static str, &'static str, Option<(&'static str, Editor)>);

impl Standard {
    pub const ALL: [Self; 24] = [
        Self::Company,
        Self::Status,
        Self::Score,
        Self::Owner,
        Self::Tags,
        Self::Country,
        Self::LastActivity,
        Self::Email,
        Self::Phone,
        Self::Title,
        Self::Industry,
        Self::Employees,
        Self::Revenue,
        Self::Seniority,
        Self::Department,
        Self::City,
        Self::Domain,
        Self::Linkedin,
        Self::Source,
        Self::ExternalId,
        Self::FirstName,
        Self::LastName,
        Self::Created,
        Self::Updated,
    ];
    /// What the grid shows whoever has chosen nothing.
    pub const USUAL: [Self; 7] = [Self::Company, Self::Status, Self::Score, Self::Owner, Self::Tags, Self::Country, Self::LastActivity];

    const fn about(self) -> About {
        match self {
            Self::Company => ("company", "Company", Some(("company_name", Editor::Text))),
            Self::Status => ("status", "Status", Some(("status", Editor::Status))),
            Self::Score => ("score", "Score", None),
            Self::Owner => ("owner", "Owner", Some(("owner_id", Editor::Owner))),
            Self::Tags => ("tags", "Tags", Some(("tags", Editor::Tags))),
            Self::Country => ("country", "Country", Some(("country", Editor::Text))),
            Self::LastActivity => ("last_activity", "Last activity", None),
            Self::Email => ("email", "E-mail", Some(("email", Editor::Email))),
            Self::Phone => ("phone", "Phone", Some(("phone", Editor::Tel))),
            Self::Title => ("title", "Job title", Some(("title", Editor::Text))),
            Self::Industry => ("industry", "Industry", Some(("industry", Editor::Text))),
            Self::Employees => ("employees", "Employees", Some(("employee_count", Editor::Number))),
            Self::Revenue => ("revenue", "Annual revenue", Some(("annual_revenue", Editor::Number))),
            Self::Seniority => ("seniority", "Seniority", Some(("seniority", Editor::Text))),
            Self::Department => ("department", "Department", Some(("department", Editor::Text))),
            Self::City => ("city", "City", Some(("city", Editor::Text))),
            Self::Domain => ("domain", "Company domain", Some(("company_domain", Editor::Text))),
            Self::Linkedin => ("linkedin", "LinkedIn", Some(("linkedin_url", Editor::Url))),
            Self::Source => ("source", "Source", Some(("source", Editor::Text))),
            Self::ExternalId => ("external_id", "External id", Some(("external_id", Editor::Text))),
            Self::FirstName => ("first_name", "First name", Some(("first_name", Editor::Text))),
            Self::LastName => ("last_name", "Last name", Some(("last_name", Editor::Text))),
            Self::Created => ("created", "Created", None),
            Self::Updated => ("updated", "Changed", None),
        }
    }

    /// The name in addresses.
    pub const fn name(self) -> &'static str {
        self.about().0
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        self.about().1
    }

    /// The lead's field that a cell changes, and how; nothing for what nobody types.
    pub const fn edits(self) -> Option<(&'static str, Editor)> {
        self.about().2
    }

    /// What a press on the heading sorts by.
    pub const fn sort(self) -> Option<SortKey> {
        match self {
            Self::Company => Some(SortKey::Company),
            Self::Score => Some(SortKey::Score),
            Self::LastActivity => Some(SortKey::LastActivity),
            Self::Employees => Some(SortKey::Employees),
            Self::Created => Some(SortKey::Created),
            Self::Updated => Some(SortKey::Updated),
            Self::Title => Some(SortKey::Title),
            Self::Industry => Some(SortKey::Industry),
            Self::Country => Some(SortKey::Country),
            Self::Status => Some(SortKey::Status),
            _ => None,
        }
    }

    /// Whether its cells are figures, which stand on the right.
    pub const fn is_number(self) -> bool {
        matches!(self, Self::Score | Self::Employees | Self::Revenue)
    }
}

impl Column {
    /// The column of this name; nothing if there is none. A custom field need not be known: it may be gone.
    pub fn parse(name: &str) -> Option<Self> {
        if let Some(key) = name.strip_prefix("custom.") {
            return is_custom_key(key).then(|| Self::Custom(key.to_owned()));
        }
        Standard::ALL.into_iter().find(|column| column.name() == name).map(Self::Standard)
    }

    /// Those of the names that name columns, each once, in their order. Names may come singly or with commas between.
    pub fn list<S: AsRef<str>>(names: &[S]) -> Vec<Self> {
        let mut columns = Vec::new();
        for column in names.iter().flat_map(|names| names.as_ref().split(',')).filter_map(|name| Self::parse(name.trim())) {
            if !columns.contains(&column) {
                columns.push(column);
            }
        }
        columns
    }

    /// What the grid shows whoever has chosen nothing.
    pub fn usual() -> Vec<Self> {
        Standard::USUAL.into_iter().map(Self::Standard).collect()
    }

    /// Their names with commas between, as an address keeps them.
    pub fn join(columns: &[Self]) -> String {
        columns.iter().map(Self::to_string).collect::<Vec<_>>().join(",")
    }
}

impl std::fmt::Display for Column {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Standard(column) => f.write_str(column.name()),
            Self::Custom(key) => write!(f, "custom.{key}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_columns_in_order_and_once() {
        for column in Standard::ALL {
            assert_eq!(Column::parse(column.name()), Some(Column::Standard(column)));
        }
        let columns = Column::list(&["status,custom.shoe_size", "nonsense", "status", "custom.Bad Key", "company"]);
        assert_eq!(Column::join(&columns), "status,custom.shoe_size,company");
        assert_eq!(Column::list(&[Column::join(&Column::usual())]), Column::usual());
    }
}
