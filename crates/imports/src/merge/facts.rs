//! What an import can write, as values that can be compared.

use kernel::Uuid;
use leads::model::Status;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What an import can write into a lead.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct LeadFacts {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: Option<String>,
    pub(crate) phone: String,
    pub(crate) title: String,
    pub(crate) seniority: String,
    pub(crate) department: String,
    pub(crate) linkedin_url: String,
    pub(crate) account_id: Option<Uuid>,
    pub(crate) company: CompanyFacts,
    pub(crate) status: Status,
    pub(crate) tags: Vec<String>,
    pub(crate) source: String,
    pub(crate) external_id: String,
    pub(crate) import_key: Option<Vec<u8>>,
    pub(crate) custom: Map<String, Value>,
}

/// What is said of a company, on its account and on its people.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct CompanyFacts {
    pub(crate) name: String,
    pub(crate) domain: String,
    pub(crate) industry: String,
    pub(crate) employee_count: Option<i32>,
    pub(crate) annual_revenue: Option<i64>,
    pub(crate) country: String,
    pub(crate) city: String,
}

/// A field that differs, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub(crate) struct Change {
    /// The field's name in the API; `custom.KEY` for a custom field.
    pub(crate) field: String,
    pub(crate) before: String,
    pub(crate) after: String,
}

impl LeadFacts {
    /// The plain fields by their names in the API, as text.
    fn texts(&self) -> [(&'static str, String); 19] {
        let company = &self.company;
        let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
        [
            ("first_name", self.first_name.clone()),
            ("last_name", self.last_name.clone()),
            ("email", self.email.clone().unwrap_or_default()),
            ("phone", self.phone.clone()),
            ("title", self.title.clone()),
            ("seniority", self.seniority.clone()),
            ("department", self.department.clone()),
            ("linkedin_url", self.linkedin_url.clone()),
            ("company_name", company.name.clone()),
            ("company_domain", company.domain.clone()),
            ("industry", company.industry.clone()),
            ("employee_count", number(company.employee_count.map(i64::from))),
            ("annual_revenue", number(company.annual_revenue)),
            ("country", company.country.clone()),
            ("city", company.city.clone()),
            ("tags", self.tags.join(", ")),
            ("source", self.source.clone()),
            ("external_id", self.external_id.clone()),
            ("status", self.status.as_str().to_owned()),
        ]
    }

    /// What differs between this and `after`, field by field.
    pub(crate) fn changes(&self, after: &Self) -> Vec<Change> {
        let plain = self.texts().into_iter().zip(after.texts()).filter(|((_, old), (_, new))| old != new);
        let mut changes: Vec<Change> =
            plain.map(|((field, before), (_, after))| Change { field: field.to_owned(), before, after }).collect();
        let text =
            |value: Option<&Value>| value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default();
        for (key, value) in &after.custom {
            let old = self.custom.get(key);
            if old != Some(value) {
                changes.push(Change { field: format!("custom.{key}"), before: text(old), after: text(Some(value)) });
            }
        }
        changes
    }

    /// The names of the fields that differ, as an event tells them: the custom ones together, the status apart.
    pub(crate) fn changed_fields(&self, after: &Self) -> Vec<String> {
        let plain = self.texts().into_iter().zip(after.texts()).filter(|((field, old), (_, new))| *field != "status" && old != new);
        let mut fields: Vec<String> = plain.map(|((field, _), _)| field.to_owned()).collect();
        if self.custom != after.custom {
            fields.push("custom".to_owned());
        }
        fields
    }
}

pub(super) fn put(place: &mut String, text: &str, overwrite: bool) -> bool {
    if text.is_empty() || place == text || !(overwrite || place.is_empty()) {
        return false;
    }
    text.clone_into(place);
    true
}

pub(super) fn put_option<T: Copy + PartialEq>(place: &mut Option<T>, value: Option<T>, overwrite: bool) -> bool {
    if value.is_none() || *place == value || !(overwrite || place.is_none()) {
        return false;
    }
    *place = value;
    true
}

pub(super) fn add_tags(tags: &mut Vec<String>, more: &[String]) -> bool {
    let before = tags.len();
    for tag in more {
        if tags.len() < leads::model::MAX_TAGS && !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag.clone());
        }
    }
    tags.len() > before
}
