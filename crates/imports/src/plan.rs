//! Which column becomes what, and what happens to leads that exist already.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ImportError,
    analysis::{Analysis, Column, Place},
    guess::{DateOrder, Kind},
};
use leads::{
    custom_fields::{NewField, Registry},
    model::{clean_tags, is_custom_key},
};

/// A field of a lead that a column can be read into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LeadField {
    Email,
    FirstName,
    LastName,
    FullName,
    Phone,
    Title,
    Seniority,
    Department,
    LinkedinUrl,
    CompanyName,
    CompanyDomain,
    Industry,
    EmployeeCount,
    AnnualRevenue,
    Country,
    City,
    Status,
    /// They do not want mail: more than a status, for it holds for the address.
    OptedOut,
    Tags,
    Source,
    ExternalId,
}

impl LeadField {
    /// All of them, as a menu lists them.
    pub const ALL: [Self; 21] = [
        Self::Email,
        Self::FirstName,
        Self::LastName,
        Self::FullName,
        Self::Phone,
        Self::Title,
        Self::Seniority,
        Self::Department,
        Self::LinkedinUrl,
        Self::CompanyName,
        Self::CompanyDomain,
        Self::Industry,
        Self::EmployeeCount,
        Self::AnnualRevenue,
        Self::Country,
        Self::City,
        Self::Status,
        Self::OptedOut,
        Self::Tags,
        Self::Source,
        Self::ExternalId,
    ];

    /// The name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::FirstName => "first_name",
            Self::LastName => "last_name",
            Self::FullName => "full_name",
            Self::Phone => "phone",
            Self::Title => "title",
            Self::Seniority => "seniority",
            Self::Department => "department",
            Self::LinkedinUrl => "linkedin_url",
            Self::CompanyName => "company_name",
            Self::CompanyDomain => "company_domain",
            Self::Industry => "industry",
            Self::EmployeeCount => "employee_count",
            Self::AnnualRevenue => "annual_revenue",
            Self::Country => "country",
            Self::City => "city",
            Self::Status => "status",
            Self::OptedOut => "opted_out",
            Self::Tags => "tags",
            Self::Source => "source",
            Self::ExternalId => "external_id",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Email => "E-mail",
            Self::FirstName => "First name",
            Self::LastName => "Last name",
            Self::FullName => "Full name",
            Self::Phone => "Phone",
            Self::Title => "Title",
            Self::Seniority => "Seniority",
            Self::Department => "Department",
            Self::LinkedinUrl => "LinkedIn",
            Self::CompanyName => "Company",
            Self::CompanyDomain => "Company domain",
            Self::Industry => "Industry",
            Self::EmployeeCount => "Employees",
            Self::AnnualRevenue => "Annual revenue",
            Self::Country => "Country",
            Self::City => "City",
            Self::Status => "Status",
            Self::OptedOut => "Wants no e-mail",
            Self::Tags => "Tags",
            Self::Source => "Source",
            Self::ExternalId => "External id",
        }
    }

    /// Whether several columns may become it: whoever has said no in one of them has said no.
    pub(crate) const fn repeats(self) -> bool {
        matches!(self, Self::OptedOut)
    }

    /// Whether a lead can be recognised by it (what [`LeadDraft::check`](leads::model::LeadDraft::check) asks for).
    const fn identifies(self) -> bool {
        matches!(self, Self::Email | Self::FirstName | Self::LastName | Self::FullName | Self::Phone | Self::ExternalId)
    }
}

/// What becomes of a column: in text `ignore`, a field such as `email`, or `custom:KEY`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Target {
    Ignore,
    Field(LeadField),
    Custom(String),
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ignore => f.write_str("ignore"),
            Self::Field(field) => f.write_str(field.as_str()),
            Self::Custom(key) => write!(f, "custom:{key}"),
        }
    }
}

impl From<Target> for String {
    fn from(target: Target) -> Self {
        target.to_string()
    }
}

impl TryFrom<String> for Target {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text == "ignore" {
            return Ok(Self::Ignore);
        }
        if let Some(key) = text.strip_prefix("custom:") {
            return if is_custom_key(key) {
                Ok(Self::Custom(key.to_owned()))
            } else {
                Err(format!("{key:?} cannot name a custom field: 1 to 60 of a–z, 0–9 and _"))
            };
        }
        LeadField::ALL.into_iter().find(|field| field.as_str() == text).map(Self::Field).ok_or_else(|| {
            let names: Vec<_> = LeadField::ALL.iter().map(|field| field.as_str()).collect();
            format!("{text:?} is none of ignore, custom:KEY, {}", names.join(", "))
        })
    }
}

/// What happens to a lead that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Existing {
    /// Only what is empty is filled.
    #[default]
    Fill,
    /// What the file says replaces what is stored; its empty cells replace nothing.
    Overwrite,
    /// It stays as it is.
    Skip,
}

impl Existing {
    pub(crate) const ALL: [Self; 3] = [Self::Fill, Self::Overwrite, Self::Skip];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::Overwrite => "overwrite",
            Self::Skip => "skip",
        }
    }

    /// What happens when two rows of a file say different things of one lead.
    pub(crate) const fn between_rows(self) -> &'static str {
        match self {
            Self::Fill => "An earlier row says otherwise, and counts",
            Self::Overwrite => "An earlier row says otherwise; this one counts",
            Self::Skip => "An earlier row says otherwise, and this one is skipped",
        }
    }

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Fill => "Fill their empty fields",
            Self::Overwrite => "Overwrite with the file’s values",
            Self::Skip => "Leave them as they are",
        }
    }
}

/// How a file is to be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// One per column of the file: `ignore`, a field, or `custom:KEY`.
    #[schema(value_type = Vec<String>)]
    pub targets: Vec<Target>,
    /// Whether the first row holds the columns' names.
    #[serde(default = "yes")]
    pub has_header: bool,
    #[serde(default)]
    pub existing: Existing,
    /// Given to each lead of the file.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Where a new lead comes from, unless a column says so.
    #[serde(default)]
    pub source: String,
    /// The types of custom fields (`text`, `number`, `bool`, `date`, `choice`, `url`) by key, where they are not to be
    /// what the column looks like. A field that exists keeps the type it has.
    #[serde(default)]
    pub kinds: BTreeMap<String, Kind>,
    /// How dates are written (`dmy`, `mdy`) by the custom field's key, where it is not to be as `date_order` of the column says.
    /// For columns whose values tell neither (`ambiguous_dates`).
    #[serde(default)]
    pub(crate) date_orders: BTreeMap<String, DateOrder>,
}

const fn yes() -> bool {
    true
}

impl Plan {
    /// What we would do unasked.
    pub(crate) fn guessed(analysis: &Analysis, file_name: &str) -> Self {
        let stem = file_name.trim_end_matches(".gz").rsplit_once('.').map_or(file_name, |(stem, _)| stem).trim();
        Self {
            targets: analysis.columns.iter().map(|column| column.guess.clone()).collect(),
            has_header: !analysis.header_looks_like_data,
            existing: Existing::Fill,
            tags: Vec::new(),
            source: stem.chars().take(100).collect(),
            kinds: BTreeMap::new(),
            date_orders: BTreeMap::new(),
        }
    }

    /// Whether a column becomes a custom field that nobody has made or chosen: no field was recognised for it.
    pub(crate) fn is_stranger(column: &Column, target: &Target, fields: &Registry) -> bool {
        matches!(target, Target::Custom(key) if column.guess == *target && fields.get(key).is_none())
    }

    /// Leaves out all columns that no field was recognised for.
    pub(crate) fn without_strangers(mut self, analysis: &Analysis, fields: &Registry) -> Self {
        for (column, target) in analysis.columns.iter().zip(&mut self.targets) {
            if Self::is_stranger(column, target, fields) {
                *target = Target::Ignore;
            }
        }
        self
    }

    /// How a column writes its dates, as somebody has chosen or as it looks.
    pub(crate) fn date_order(&self, key: &str, column: &Column) -> DateOrder {
        self.date_orders.get(key).copied().unwrap_or(column.date_order)
    }

    /// The type of the custom field that a column becomes.
    pub(crate) fn kind(&self, key: &str, column: &Column) -> Kind {
        self.kinds.get(key).copied().unwrap_or(column.kind)
    }

    /// Where the rows begin: at the first, if it holds no names.
    pub(crate) fn beginning(&self, analysis: &Analysis) -> Place {
        if self.has_header { analysis.data } else { analysis.start }
    }

    /// The custom fields that columns become.
    pub(crate) fn custom_fields(&self, analysis: &Analysis) -> Vec<NewField> {
        let columns = analysis.columns.iter().zip(&self.targets);
        columns
            .filter_map(|(column, target)| {
                let Target::Custom(key) = target else { return None };
                let kind = self.kind(key, column);
                let options = if kind == Kind::Choice { column.choices.clone() } else { Vec::new() };
                Some(NewField { key: key.clone(), label: analysis.column_name(column, self.has_header), kind: kind.into(), options })
            })
            .collect()
    }

    /// Checks that the plan fits the file, and cleans what was typed.
    pub(crate) fn checked(mut self, analysis: &Analysis) -> Result<Self, ImportError> {
        if self.targets.len() != analysis.columns.len() {
            let detail = format!("The file has {} columns and the plan speaks of {}.", analysis.columns.len(), self.targets.len());
            return Err(ImportError::plan("targets", detail));
        }
        for (index, target) in self.targets.iter().enumerate() {
            let single = !matches!(target, Target::Ignore) && !matches!(target, Target::Field(field) if field.repeats());
            let twice = single && self.targets.iter().take(index).any(|earlier| earlier == target);
            if twice {
                let named = |wanted: &Target| {
                    let at = self.targets.iter().zip(&analysis.columns).filter(|(target, _)| *target == wanted);
                    at.map(|(_, column)| format!("“{}”", column.name)).collect::<Vec<_>>().join(" and ")
                };
                let what = match target {
                    Target::Field(field) => field.label().to_owned(),
                    Target::Custom(key) => format!("the custom field {key}"),
                    Target::Ignore => String::new(),
                };
                let detail = format!("The columns {} are both to become {what}. Choose something else for one of them.", named(target));
                return Err(ImportError::plan("targets", detail));
            }
        }
        for (target, column) in self.targets.iter().zip(&analysis.columns) {
            let chosen = matches!(target, Target::Custom(key) if self.kinds.get(key) == Some(&Kind::Choice));
            if chosen && column.choices.is_empty() {
                let detail = format!("“{}” has too many different values to choose from, or none. Make it a text.", column.name);
                return Err(ImportError::plan("kinds", detail));
            }
        }
        let known = |target: &Target| matches!(target, Target::Field(field) if field.identifies());
        if !self.targets.iter().any(known) {
            return Err(ImportError::plan(
                "targets",
                "No column says who the leads are. Choose the one that holds the e-mail, the name, the phone or an external id.",
            ));
        }
        self.tags = clean_tags(self.tags.iter().flat_map(|tags| tags.split([',', ';']))).map_err(|why| ImportError::plan("tags", why))?;
        self.source = self.source.split_whitespace().collect::<Vec<_>>().join(" ");
        if self.source.chars().count() > 100 {
            return Err(ImportError::plan("source", "The source is longer than 100 characters; shorten it."));
        }
        if self.source.contains('\0') {
            return Err(ImportError::plan("source", "The source holds a NUL character, which cannot be stored."));
        }
        if self.source.is_empty() {
            "import".clone_into(&mut self.source);
        }
        Ok(self)
    }
}
