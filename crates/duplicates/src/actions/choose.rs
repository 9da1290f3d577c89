//! Which value of each field stays when leads become one.

use std::collections::BTreeMap;

use kernel::LeadId;
use leads::{Lead, Status};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use crate::model::person::is_shared_address;

/// What is chosen together: a company's name and its size come from one lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Field {
    Name,
    Email,
    Phone,
    Title,
    Seniority,
    Department,
    LinkedinUrl,
    Company,
    Place,
    Status,
    Owner,
    Source,
    ExternalId,
}

/// From which lead each field is taken; what is not named gets the best value. Tags are always united, and so are
/// custom fields: where two leads fill the same one, `custom` says whose stays.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Choices {
    #[schema(value_type = Object)]
    pub(crate) fields: BTreeMap<Field, LeadId>,
    #[schema(value_type = Object)]
    pub(crate) custom: BTreeMap<String, LeadId>,
}

impl Field {
    pub(crate) const ALL: [Self; 13] = [
        Self::Name,
        Self::Email,
        Self::Phone,
        Self::Title,
        Self::Seniority,
        Self::Department,
        Self::LinkedinUrl,
        Self::Company,
        Self::Place,
        Self::Status,
        Self::Owner,
        Self::Source,
        Self::ExternalId,
    ];

    /// As forms and the API write it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Title => "title",
            Self::Seniority => "seniority",
            Self::Department => "department",
            Self::LinkedinUrl => "linkedin_url",
            Self::Company => "company",
            Self::Place => "place",
            Self::Status => "status",
            Self::Owner => "owner",
            Self::Source => "source",
            Self::ExternalId => "external_id",
        }
    }

    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Name => "Name",
            Self::Email => "E-mail",
            Self::Phone => "Phone",
            Self::Title => "Title",
            Self::Seniority => "Seniority",
            Self::Department => "Department",
            Self::LinkedinUrl => "LinkedIn",
            Self::Company => "Company",
            Self::Place => "Country and city",
            Self::Status => "Status",
            Self::Owner => "Owner",
            Self::Source => "Source",
            Self::ExternalId => "External id",
        }
    }

    /// The lead's members that the field is made of.
    pub(crate) const fn members(self) -> &'static [&'static str] {
        match self {
            Self::Name => &["first_name", "last_name"],
            Self::Email => &["email"],
            Self::Phone => &["phone"],
            Self::Title => &["title"],
            Self::Seniority => &["seniority"],
            Self::Department => &["department"],
            Self::LinkedinUrl => &["linkedin_url"],
            Self::Company => &["company_name", "company_domain", "industry", "employee_count", "annual_revenue"],
            Self::Place => &["country", "city"],
            Self::Status => &["status"],
            Self::Owner => &["owner_id"],
            Self::Source => &["source"],
            Self::ExternalId => &["external_id"],
        }
    }
}

/// How far somebody has come: of two, the further counts, and a wish not to be written to beats everything.
const fn progress(status: Status) -> u8 {
    match status {
        Status::New => 0,
        Status::Contacted => 1,
        Status::Lost => 2,
        Status::Replied => 3,
        Status::Qualified => 4,
        Status::Converted => 5,
        Status::Unsubscribed => 6,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// How much of the field a lead fills, and how good that is.
fn worth(field: Field, lead: &Lead, draft: &Value) -> usize {
    let filled = field.members().iter().filter(|member| draft.get(**member).is_some_and(|value| !is_empty(value))).count();
    match field {
        // The fuller name: Robert before Bob, Ada Augusta before A.
        Field::Name => filled * 1000 + (lead.first_name.chars().count() + lead.last_name.chars().count()).min(999),
        Field::Email => filled * 2 - usize::from(lead.email.as_deref().is_some_and(is_shared_address)),
        Field::Status => usize::from(progress(lead.status)),
        _ => filled,
    }
}

/// The lead that stays unless somebody chooses another one: the oldest, because others know it by its id.
pub(crate) fn survivor(leads: &[Lead]) -> Option<LeadId> {
    leads.iter().min_by_key(|lead| (lead.created_at, lead.id)).map(|lead| lead.id)
}

/// Whose value of the field is best: the most complete, of those the newest.
pub(crate) fn best(field: Field, leads: &[Lead]) -> Option<LeadId> {
    leads.iter().max_by_key(|lead| (worth(field, lead, &json!(lead.draft())), lead.updated_at, lead.id)).map(|lead| lead.id)
}

/// The merge patch that turns the survivor into all of them. `silent`: somebody has asked not to be written to.
pub(crate) fn patch(leads: &[Lead], choices: &Choices, silent: bool) -> Value {
    let drafts: BTreeMap<LeadId, Value> = leads.iter().map(|lead| (lead.id, json!(lead.draft()))).collect();
    let mut patch = Map::new();
    for field in Field::ALL {
        let chosen = choices.fields.get(&field).copied().filter(|id| drafts.contains_key(id)).or_else(|| best(field, leads));
        let Some(draft) = chosen.and_then(|id| drafts.get(&id)) else { continue };
        for member in field.members() {
            patch.insert((*member).to_owned(), draft.get(*member).cloned().unwrap_or(Value::Null));
        }
    }
    if silent || leads.iter().any(|lead| lead.status == Status::Unsubscribed) {
        patch.insert("status".to_owned(), json!(Status::Unsubscribed));
    }
    let mut tags: Vec<&str> = Vec::new();
    for tag in leads.iter().flat_map(|lead| &lead.tags) {
        if !tags.iter().any(|other| other.eq_ignore_ascii_case(tag)) && tags.len() < leads::model::MAX_TAGS {
            tags.push(tag);
        }
    }
    patch.insert("tags".to_owned(), json!(tags));
    let mut oldest_first: Vec<&Lead> = leads.iter().collect();
    oldest_first.sort_by_key(|lead| (lead.updated_at, lead.id));
    let mut custom = Map::new();
    for lead in &oldest_first {
        custom.extend(lead.custom.clone());
    }
    for (key, id) in &choices.custom {
        if let Some(value) = leads.iter().find(|lead| lead.id == *id).and_then(|lead| lead.custom.get(key)) {
            custom.insert(key.clone(), value.clone());
        }
    }
    patch.insert("custom".to_owned(), Value::Object(custom));
    Value::Object(patch)
}

/// The custom fields that these leads fill.
pub(crate) fn custom_keys(leads: &[Lead]) -> Vec<String> {
    let keys: std::collections::BTreeSet<&String> = leads.iter().flat_map(|lead| lead.custom.keys()).collect();
    keys.into_iter().cloned().collect()
}
