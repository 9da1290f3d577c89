//! The columns of the grid and the choice among them, kept in a cookie.

use http::{HeaderMap, HeaderValue, header};
use maud::{Markup, html};

use super::show;
use crate::{model::Lead, store::grid::SortKey};
use identity::Member;

/// What a column shows. The name is always there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Company,
    Status,
    Score,
    Owner,
    Tags,
    Country,
    LastActivity,
    Email,
    Phone,
    Industry,
    Employees,
    Seniority,
    Department,
    City,
    Source,
    Created,
}

impl Column {
    pub(super) const ALL: [Self; 16] = [
        Self::Company,
        Self::Status,
        Self::Score,
        Self::Owner,
        Self::Tags,
        Self::Country,
        Self::LastActivity,
        Self::Email,
        Self::Phone,
        Self::Industry,
        Self::Employees,
        Self::Seniority,
        Self::Department,
        Self::City,
        Self::Source,
        Self::Created,
    ];
    const DEFAULT: [Self; 7] = [Self::Company, Self::Status, Self::Score, Self::Owner, Self::Tags, Self::Country, Self::LastActivity];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Status => "status",
            Self::Score => "score",
            Self::Owner => "owner",
            Self::Tags => "tags",
            Self::Country => "country",
            Self::LastActivity => "last_activity",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Industry => "industry",
            Self::Employees => "employees",
            Self::Seniority => "seniority",
            Self::Department => "department",
            Self::City => "city",
            Self::Source => "source",
            Self::Created => "created",
        }
    }

    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Company => "Company",
            Self::Status => "Status",
            Self::Score => "Score",
            Self::Owner => "Owner",
            Self::Tags => "Tags",
            Self::Country => "Country",
            Self::LastActivity => "Last activity",
            Self::Email => "E-mail",
            Self::Phone => "Phone",
            Self::Industry => "Industry",
            Self::Employees => "Employees",
            Self::Seniority => "Seniority",
            Self::Department => "Department",
            Self::City => "City",
            Self::Source => "Source",
            Self::Created => "Created",
        }
    }

    pub(super) const fn sort(self) -> Option<SortKey> {
        match self {
            Self::Company => Some(SortKey::Company),
            Self::Score => Some(SortKey::Score),
            Self::LastActivity => Some(SortKey::LastActivity),
            Self::Employees => Some(SortKey::Employees),
            Self::Created => Some(SortKey::Created),
            _ => None,
        }
    }

    pub(super) const fn is_number(self) -> bool {
        matches!(self, Self::Score | Self::Employees)
    }

    /// The cell of one lead.
    pub(super) fn cell(self, lead: &Lead, members: &[Member]) -> Markup {
        let quiet = |text: &str| html! { td.is-quiet data-label=(self.label()) { (text) } };
        match self {
            Self::Company => html! {
                td data-label="Company" {
                    @let company = if lead.company_name.is_empty() { &lead.company_domain } else { &lead.company_name };
                    @match lead.account_id {
                        Some(id) => a href={ "/accounts/" (id) } { (company) },
                        None => (company),
                    }
                }
            },
            Self::Status => html! { td data-label="Status" { (show::status(lead.status)) } },
            Self::Score => html! { td.num data-label="Score" { (show::score(lead)) } },
            Self::Owner => quiet(lead.owner_id.and_then(|id| show::member(members, id)).unwrap_or_default()),
            Self::Tags => html! { td data-label="Tags" { @if !lead.tags.is_empty() { (ui::tags(&lead.tags, 2)) } } },
            Self::Country => html! { td.is-quiet data-label="Country" { (show::country_of(&lead.country)) } },
            Self::LastActivity => {
                html! { td.is-quiet data-label="Last activity" { @if let Some(at) = lead.last_activity_at { (ui::ago(at)) } } }
            }
            Self::Email => quiet(lead.email.as_deref().unwrap_or_default()),
            Self::Phone => quiet(&lead.phone),
            Self::Industry => quiet(&lead.industry),
            Self::Employees => {
                html! { td.num data-label="Employees" { @if let Some(count) = lead.employee_count { (ui::number(i64::from(count))) } } }
            }
            Self::Seniority => quiet(&lead.seniority.replace('_', " ")),
            Self::Department => quiet(&lead.department),
            Self::City => quiet(&lead.city),
            Self::Source => quiet(&lead.source),
            Self::Created => html! { td.is-quiet data-label="Created" { (ui::date(lead.created_at)) } },
        }
    }
}

const COOKIE: &str = "leadline_columns";

/// The columns to show: those of the query, else those chosen last, else the usual.
pub(super) fn chosen(query: &[String], headers: &HeaderMap) -> Vec<Column> {
    let of = |names: &mut dyn Iterator<Item = &str>| {
        let names: Vec<&str> = names.collect();
        Column::ALL.into_iter().filter(|column| names.contains(&column.name())).collect::<Vec<_>>()
    };
    if !query.is_empty() {
        return of(&mut query.iter().map(String::as_str));
    }
    let cookie = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(COOKIE)?.strip_prefix('='));
    cookie.map_or_else(|| Column::DEFAULT.to_vec(), |value| of(&mut value.split('.')))
}

/// The header that remembers a choice for a year.
pub(super) fn remember(columns: &[Column]) -> HeaderValue {
    let names: Vec<&str> = std::iter::once("name").chain(columns.iter().map(|column| column.name())).collect();
    let text = format!("{COOKIE}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", names.join("."));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}
