//! Leads, accounts, their states and what may be written into them. Pure.

pub mod company;
pub mod country;
mod draft;
mod status;
mod values;

use jiff::Timestamp;
use kernel::{AccountId, LeadId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

pub use draft::{AccountDraft, CheckedAccount, CheckedLead, LeadDraft};
pub use status::Status;
pub use values::{MAX_TAGS, clean_tags, is_custom_key, parse_whole, phone, tag, url};

/// A person who may buy, with the facts of their company beside them.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Lead {
    pub id: LeadId,
    pub first_name: String,
    pub last_name: String,
    /// Lower-cased; `null`: can be called, not mailed.
    pub email: Option<String>,
    pub phone: String,
    pub title: String,
    pub seniority: String,
    pub department: String,
    pub linkedin_url: String,
    pub account_id: Option<AccountId>,
    pub company_name: String,
    pub company_domain: String,
    pub industry: String,
    pub employee_count: Option<i32>,
    /// Whole units of the organisation's currency.
    pub annual_revenue: Option<i64>,
    /// ISO 3166-1 alpha-2 where recognised, else as given.
    pub country: String,
    pub city: String,
    pub status: Status,
    pub owner_id: Option<UserId>,
    pub tags: Vec<String>,
    pub source: String,
    /// The id that another system knows this lead by.
    pub external_id: String,
    #[schema(value_type = Object)]
    pub custom: Map<String, Value>,
    pub score: i32,
    pub score_reasons: Vec<ScoreReason>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_activity_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts the changes; the `ETag`.
    pub version: i32,
}

/// One line of the sum that a score is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ScoreReason {
    pub reason: String,
    pub points: i64,
}

/// A company.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Account {
    pub id: AccountId,
    pub name: String,
    pub domain: String,
    pub industry: String,
    pub employee_count: Option<i32>,
    pub annual_revenue: Option<i64>,
    pub country: String,
    pub city: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

impl Lead {
    /// What to call them: name, else address, else the other system's id.
    pub fn display_name(&self) -> String {
        display_name(&self.first_name, &self.last_name, self.email.as_deref(), &self.external_id)
    }

    /// What can be edited, as a draft.
    pub fn draft(&self) -> LeadDraft {
        LeadDraft {
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            email: self.email.clone().unwrap_or_default(),
            phone: self.phone.clone(),
            title: self.title.clone(),
            seniority: self.seniority.clone(),
            department: self.department.clone(),
            linkedin_url: self.linkedin_url.clone(),
            company_name: self.company_name.clone(),
            company_domain: self.company_domain.clone(),
            industry: self.industry.clone(),
            employee_count: self.employee_count.map(i64::from),
            annual_revenue: self.annual_revenue,
            country: self.country.clone(),
            city: self.city.clone(),
            status: self.status,
            owner_id: self.owner_id,
            tags: self.tags.clone(),
            source: self.source.clone(),
            external_id: self.external_id.clone(),
            custom: self.custom.clone(),
        }
    }
}

impl Account {
    /// What to call it: its name, else its domain.
    pub fn display_name(&self) -> &str {
        if self.name.is_empty() { &self.domain } else { &self.name }
    }

    /// What can be edited, as a draft.
    pub fn draft(&self) -> AccountDraft {
        AccountDraft {
            name: self.name.clone(),
            domain: self.domain.clone(),
            industry: self.industry.clone(),
            employee_count: self.employee_count.map(i64::from),
            annual_revenue: self.annual_revenue,
            country: self.country.clone(),
            city: self.city.clone(),
        }
    }
}

/// What to call a person of whom this is known.
pub fn display_name(first: &str, last: &str, email: Option<&str>, external_id: &str) -> String {
    match (first, last, email, external_id) {
        ("", "", Some(email), _) => email.to_owned(),
        ("", "", None, "") => "Unnamed lead".to_owned(),
        ("", "", None, id) => id.to_owned(),
        (first, "", ..) => first.to_owned(),
        ("", last, ..) => last.to_owned(),
        (first, last, ..) => format!("{first} {last}"),
    }
}
