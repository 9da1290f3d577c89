//! The fields that a bulk change can write, and the check that a single lead's draft gives them.

use http_kit::FieldError;
use serde_json::{Map, Value, json};

use crate::{
    custom_fields::Registry,
    filter::{NumberField, TextField},
    model::{CheckedLead, LeadDraft},
};

/// A field of a lead by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum BulkField {
    Text(TextField),
    Number(NumberField),
    /// By its key.
    Custom(String),
}

impl BulkField {
    /// Reads `title`, `employee_count`, `custom.KEY`.
    pub(crate) fn parse(name: &str) -> Result<Self, FieldError> {
        if let Some(key) = name.strip_prefix("custom.") {
            return Ok(Self::Custom(key.to_owned()));
        }
        if let Some(field) = TextField::of(name) {
            return Ok(Self::Text(field));
        }
        match NumberField::of(name) {
            Some(field @ (NumberField::EmployeeCount | NumberField::AnnualRevenue)) => Ok(Self::Number(field)),
            _ => Err(FieldError::new(
                "/field",
                "field.unknown",
                format!("{name:?} is not a field that many leads can be given: name one like title, country, employee_count or custom.KEY"),
            )),
        }
    }

    /// As people read it; a custom field that is gone by its key.
    pub(crate) fn label(&self, registry: &Registry) -> String {
        match self {
            Self::Text(field) => field.label().to_owned(),
            Self::Number(field) => field.label().to_owned(),
            Self::Custom(key) => registry.get(key).map_or_else(|| key.replace('_', " "), |field| field.label.clone()),
        }
    }

    /// The field as events name it.
    pub(crate) fn column(&self) -> &'static str {
        match self {
            Self::Text(field) => field.name(),
            Self::Number(field) => field.name(),
            Self::Custom(_) => "custom",
        }
    }

    /// Whether it is there to be emptied.
    pub(crate) fn check_clear(&self, registry: &Registry) -> Result<(), FieldError> {
        match self {
            Self::Custom(key) if registry.get(key).is_none() => Err(unknown(key)),
            _ => Ok(()),
        }
    }

    /// The value as it is stored: what a lead's draft makes of it, which is one with every other way in.
    pub(crate) fn check(&self, value: &Value, registry: &Registry) -> Result<Value, FieldError> {
        let at_value = |detail: String| FieldError::new("/value", "value.invalid", detail);
        match self {
            Self::Text(TextField::Email | TextField::ExternalId) => Err(FieldError::new(
                "/field",
                "field.unique",
                format!("{} belongs to one lead alone: set it on the lead itself", self.label(registry)),
            )),
            Self::Custom(key) => {
                let field = registry.get(key).ok_or_else(|| unknown(key))?;
                if field.archived_at.is_some() {
                    return Err(FieldError::new("/field", "field.archived", format!("{} is archived: restore it first", field.label)));
                }
                let value = match value {
                    Value::String(text) => field.parse(text),
                    other => field.check(other.clone()),
                };
                value.map_err(at_value).and_then(required)
            }
            Self::Text(_) | Self::Number(_) => {
                let name = self.column();
                let value = match (self, value) {
                    (Self::Number(_), Value::String(text)) => json!(crate::model::parse_whole(text).map_err(at_value)?),
                    (_, other) => other.clone(),
                };
                // Any lead has a name; the draft needs one to be a lead at all.
                let mut draft = Map::from_iter([("first_name".to_owned(), json!("A")), ("last_name".to_owned(), json!("A"))]);
                draft.insert(name.to_owned(), value);
                let draft: LeadDraft = serde_json::from_value(Value::Object(draft)).map_err(|error| at_value(error.to_string()))?;
                let checked =
                    draft.check().map_err(|errors| at_value(errors.into_iter().map(|error| error.detail).collect::<Vec<_>>().join(" ")))?;
                required(stored(&checked, self))
            }
        }
    }
}

fn required(value: Value) -> Result<Value, FieldError> {
    if value.is_null() || value == "" {
        return Err(FieldError::new("/value", "value.required", "Give a value, or choose to clear the field"));
    }
    Ok(value)
}

fn unknown(key: &str) -> FieldError {
    FieldError::new("/field", "field.unknown", format!("There is no custom field {key:?}"))
}

/// The field's value as a checked lead holds it.
fn stored(lead: &CheckedLead, field: &BulkField) -> Value {
    match field {
        BulkField::Text(text) => json!(match text {
            TextField::FirstName => &lead.first_name,
            TextField::LastName => &lead.last_name,
            TextField::Email => return json!(lead.email.as_ref().map(kernel::EmailAddress::as_str)),
            TextField::Phone => &lead.phone,
            TextField::Title => &lead.title,
            TextField::Seniority => &lead.seniority,
            TextField::Department => &lead.department,
            TextField::LinkedinUrl => &lead.linkedin_url,
            TextField::CompanyName => &lead.company_name,
            TextField::CompanyDomain => &lead.company_domain,
            TextField::Industry => &lead.industry,
            TextField::Country => &lead.country,
            TextField::City => &lead.city,
            TextField::Source => &lead.source,
            TextField::ExternalId => &lead.external_id,
        }),
        BulkField::Number(NumberField::EmployeeCount) => json!(lead.employee_count),
        BulkField::Number(NumberField::AnnualRevenue) => json!(lead.annual_revenue),
        BulkField::Number(NumberField::Score) | BulkField::Custom(_) => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(field: &str, value: Value) -> Result<Value, String> {
        BulkField::parse(field).and_then(|field| field.check(&value, &Registry::default())).map_err(|error| error.code)
    }

    #[test]
    fn values_are_checked_as_a_single_leads_are() {
        assert_eq!(check("country", json!("germany")), Ok(json!("DE")));
        assert_eq!(check("title", json!("  Head   of Sales ")), Ok(json!("Head of Sales")));
        assert_eq!(check("employee_count", json!("1.2k")), Ok(json!(1200)));
        assert_eq!(check("company_domain", json!("HTTPS://Engines.example/x")), Ok(json!("engines.example")));
        for (field, value, code) in [
            ("email", json!("a@b.example"), "field.unique"),
            ("score", json!(5), "field.unknown"),
            ("search", json!("x"), "field.unknown"),
            ("phone", json!("call me"), "value.invalid"),
            ("employee_count", json!("many"), "value.invalid"),
            ("title", json!("x".repeat(201)), "value.invalid"),
            ("title", json!(" "), "value.required"),
            ("title", json!({"a": 1}), "value.invalid"),
            ("custom.nothing", json!("x"), "field.unknown"),
        ] {
            assert_eq!(check(field, value), Err(code.to_owned()), "{field}");
        }
    }
}
