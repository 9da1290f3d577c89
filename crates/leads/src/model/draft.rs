//! What somebody wants to write into a lead or an account, and the check that turns it into what can be stored.

use http_kit::FieldError;
use kernel::{EmailAddress, UserId};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{Status, company, country, is_custom_key, values};
use crate::custom_fields::Registry;

/// How many custom fields a lead may have: as many as a file that is imported may have columns.
const MAX_CUSTOM: usize = 500;
/// How long the text of a custom field may be.
const MAX_CUSTOM_TEXT: usize = 10_000;

/// A lead as written by a form, an API client or a row of a file. `null` and empty mean the same.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct LeadDraft {
    #[serde(deserialize_with = "text")]
    pub first_name: String,
    #[serde(deserialize_with = "text")]
    pub last_name: String,
    #[serde(deserialize_with = "text")]
    pub email: String,
    #[serde(deserialize_with = "text")]
    pub phone: String,
    #[serde(deserialize_with = "text")]
    pub title: String,
    #[serde(deserialize_with = "text")]
    pub seniority: String,
    #[serde(deserialize_with = "text")]
    pub department: String,
    #[serde(deserialize_with = "text")]
    pub linkedin_url: String,
    #[serde(deserialize_with = "text")]
    pub company_name: String,
    /// Without one, the domain of a business e-mail address is taken.
    #[serde(deserialize_with = "text")]
    pub company_domain: String,
    #[serde(deserialize_with = "text")]
    pub industry: String,
    pub employee_count: Option<i64>,
    /// Whole units of the organisation's currency.
    pub annual_revenue: Option<i64>,
    /// A name or an ISO 3166-1 code; stored as alpha-2 where recognised.
    #[serde(deserialize_with = "text")]
    pub country: String,
    #[serde(deserialize_with = "text")]
    pub city: String,
    pub status: Status,
    pub owner_id: Option<UserId>,
    #[serde(deserialize_with = "nothing_is_default")]
    pub tags: Vec<String>,
    #[serde(deserialize_with = "text")]
    pub source: String,
    #[serde(deserialize_with = "text")]
    pub external_id: String,
    /// Values of custom fields by key, each of its field's kind. A key (`a`–`z`, `0`–`9`, `_`) that no field has becomes one: a text, a
    /// number, or yes or no, as its value is.
    #[serde(deserialize_with = "nothing_is_default")]
    #[schema(value_type = Object)]
    pub custom: Map<String, Value>,
}

/// A lead that can be stored: made by [`LeadDraft::check`] only.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CheckedLead {
    pub first_name: String,
    pub last_name: String,
    pub email: Option<EmailAddress>,
    pub phone: String,
    pub title: String,
    pub seniority: String,
    pub department: String,
    pub linkedin_url: String,
    pub company_name: String,
    pub company_domain: String,
    pub industry: String,
    pub employee_count: Option<i32>,
    pub annual_revenue: Option<i64>,
    pub country: String,
    pub city: String,
    pub status: Status,
    pub owner_id: Option<UserId>,
    pub tags: Vec<String>,
    pub source: String,
    pub external_id: String,
    pub custom: Map<String, Value>,
}

/// An account as written by a form or an API client.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AccountDraft {
    #[serde(deserialize_with = "text")]
    pub name: String,
    #[serde(deserialize_with = "text")]
    pub domain: String,
    #[serde(deserialize_with = "text")]
    pub industry: String,
    pub employee_count: Option<i64>,
    pub annual_revenue: Option<i64>,
    #[serde(deserialize_with = "text")]
    pub country: String,
    #[serde(deserialize_with = "text")]
    pub city: String,
}

/// An account that can be stored: made by [`AccountDraft::check`] only.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CheckedAccount {
    pub name: String,
    pub domain: String,
    pub industry: String,
    pub employee_count: Option<i32>,
    pub annual_revenue: Option<i64>,
    pub country: String,
    pub city: String,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Option::<String>::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn nothing_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

impl LeadDraft {
    /// Trims, normalises and checks every field; reports everything that is wrong at once. Custom fields are checked for
    /// their form alone: for what is to be stored see [`check_with`](Self::check_with).
    pub fn check(self) -> Result<CheckedLead, Vec<FieldError>> {
        self.check_with(&Registry::default(), &Map::new())
    }

    /// The same with custom fields held against their kinds, except for those that are as they were `before`.
    pub fn check_with(self, fields: &Registry, before: &Map<String, Value>) -> Result<CheckedLead, Vec<FieldError>> {
        let mut c = Checker::default();
        let email = if self.email.trim().is_empty() {
            None
        } else {
            c.take("email", EmailAddress::parse(&self.email).map(Some).map_err(|error| format!("The e-mail {error}")))
        };
        let company_name = c.line("company_name", "The company's name", self.company_name, 200);
        let mut company_domain = c.take("company_domain", company::domain(&self.company_domain));
        if company_domain.is_empty()
            && let Some(email) = email.as_ref().filter(|email| !company::is_free_mail(email.domain()))
        {
            email.domain().clone_into(&mut company_domain);
        }
        let country_text = c.line("country", "The country", self.country, 100);
        let lead = CheckedLead {
            first_name: c.line("first_name", "The first name", self.first_name, 100),
            last_name: c.line("last_name", "The last name", self.last_name, 100),
            email,
            phone: c.take("phone", values::phone(&self.phone)),
            title: c.line("title", "The job title", self.title, 200),
            seniority: c.line("seniority", "The seniority", self.seniority, 100),
            department: c.line("department", "The department", self.department, 100),
            linkedin_url: c.take("linkedin_url", values::url(&self.linkedin_url)),
            company_name,
            company_domain,
            industry: c.line("industry", "The industry", self.industry, 100),
            employee_count: c.count("employee_count", self.employee_count),
            annual_revenue: c.amount("annual_revenue", self.annual_revenue),
            country: country::normalise(&country_text),
            city: c.line("city", "The city", self.city, 100),
            status: self.status,
            owner_id: self.owner_id,
            tags: c.take("tags", values::clean_tags(&self.tags)),
            source: c.line("source", "The source", self.source, 100),
            external_id: c.line("external_id", "The external id", self.external_id, 200),
            custom: c.custom(self.custom, fields, before),
        };
        let nameless = lead.first_name.is_empty() && lead.last_name.is_empty() && lead.email.is_none() && lead.external_id.is_empty();
        if nameless && lead.phone.is_empty() && c.0.is_empty() {
            c.wrong(
                "first_name",
                "required",
                "Give at least a name, an e-mail address, a telephone number or an external id: a lead must be recognisable".to_owned(),
            );
        }
        c.done(lead)
    }
}

impl AccountDraft {
    /// Trims, normalises and checks every field.
    pub fn check(self) -> Result<CheckedAccount, Vec<FieldError>> {
        let mut c = Checker::default();
        let country_text = c.line("country", "The country", self.country, 100);
        let account = CheckedAccount {
            name: c.line("name", "The name", self.name, 200),
            domain: c.take("domain", company::domain(&self.domain)),
            industry: c.line("industry", "The industry", self.industry, 100),
            employee_count: c.count("employee_count", self.employee_count),
            annual_revenue: c.amount("annual_revenue", self.annual_revenue),
            country: country::normalise(&country_text),
            city: c.line("city", "The city", self.city, 100),
        };
        if company::is_free_mail(&account.domain) {
            let detail = format!("{} gives mailboxes to anybody; an account needs a domain of its own, or none", account.domain);
            c.wrong("domain", "free_mail", detail);
        }
        if account.name.is_empty() && account.domain.is_empty() && c.0.is_empty() {
            c.wrong("name", "required", "Give the account a name or a domain".to_owned());
        }
        c.done(account)
    }
}

/// Collects what is wrong.
#[derive(Default)]
struct Checker(Vec<FieldError>);

impl Checker {
    fn wrong(&mut self, field: &str, why: &str, detail: String) {
        self.0.push(FieldError::new(format!("/{field}"), format!("{field}.{why}"), detail));
    }

    fn take<T: Default>(&mut self, field: &str, result: Result<T, String>) -> T {
        result.unwrap_or_else(|detail| {
            self.wrong(field, "invalid", detail);
            T::default()
        })
    }

    /// One line of text: trimmed, without control characters, with single spaces.
    fn line(&mut self, field: &str, name: &str, text: String, most: usize) -> String {
        let clean = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
        let length = clean.chars().count();
        if length > most {
            self.wrong(field, "too_long", format!("{name} has {length} characters; {most} fit"));
        }
        clean
    }

    fn count(&mut self, field: &str, number: Option<i64>) -> Option<i32> {
        let checked = number.map(|number| i32::try_from(number).ok().filter(|number| (0..=100_000_000).contains(number)));
        if checked == Some(None) {
            self.wrong(field, "out_of_range", "The number of employees is a whole number from 0 to 100,000,000".to_owned());
        }
        checked.flatten()
    }

    fn amount(&mut self, field: &str, number: Option<i64>) -> Option<i64> {
        if number.is_some_and(|number| !(0..=100_000_000_000_000).contains(&number)) {
            self.wrong(field, "out_of_range", "The revenue is a whole number from 0 to 100,000,000,000,000".to_owned());
        }
        number
    }

    fn custom(&mut self, values: Map<String, Value>, fields: &Registry, before: &Map<String, Value>) -> Map<String, Value> {
        let mut kept = Map::new();
        for (key, value) in values {
            let value = match value {
                // A merge patch removes with null, and an empty text holds nothing.
                Value::Null => continue,
                Value::String(text) if text.trim().is_empty() => continue,
                Value::String(text) => Value::String(text.trim().to_owned()),
                other => other,
            };
            let pointer = format!("custom/{}", key.replace('~', "~0").replace('/', "~1").chars().take(80).collect::<String>());
            if !is_custom_key(&key) {
                self.wrong(&pointer, "key", format!("{key:?} cannot name a custom field: 1 to 60 of a–z, 0–9 and _"));
            }
            match &value {
                Value::String(text) if text.chars().count() > MAX_CUSTOM_TEXT || text.contains('\0') => {
                    self.wrong(
                        &pointer,
                        "too_long",
                        format!("The custom field {key} holds a text of at most {MAX_CUSTOM_TEXT} characters"),
                    );
                }
                Value::Object(_) | Value::Array(_) => {
                    self.wrong(&pointer, "invalid", format!("The custom field {key} holds a text, a number, true or false"));
                }
                _ => {}
            }
            kept.insert(key, value);
        }
        if kept.len() > MAX_CUSTOM {
            self.wrong("custom", "too_many", format!("A lead may have {MAX_CUSTOM} custom fields; these are {}", kept.len()));
        }
        if !self.0.iter().any(|error| error.pointer.starts_with("/custom")) {
            let (checked, wrong) = fields.check(kept, before);
            self.0.extend(wrong);
            kept = checked;
        }
        kept
    }

    fn done<T>(self, value: T) -> Result<T, Vec<FieldError>> {
        if self.0.is_empty() { Ok(value) } else { Err(self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft(value: Value) -> LeadDraft {
        serde_json::from_value(value).unwrap()
    }

    fn refused(value: Value) -> Vec<String> {
        draft(value).check().unwrap_err().into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn a_draft_is_normalised() {
        let lead = draft(json!({
            "first_name": " Ada\t ", "last_name": "King  Lovelace", "email": "ADA@Analytical.example", "country": "united kingdom",
            "tags": ["VIP", "vip"], "custom": {"visits": 3, "note": "  ", "gone": null}, "employee_count": 12, "phone": null,
        }))
        .check()
        .unwrap();
        assert_eq!((lead.first_name.as_str(), lead.last_name.as_str()), ("Ada", "King Lovelace"));
        assert_eq!(lead.email.unwrap().as_str(), "ada@analytical.example");
        assert_eq!((lead.company_domain.as_str(), lead.country.as_str()), ("analytical.example", "GB"));
        assert_eq!((lead.tags, Value::Object(lead.custom)), (vec!["VIP".to_owned()], json!({"visits": 3})));
    }

    #[test]
    fn a_private_mailbox_names_no_company() {
        assert_eq!(draft(json!({"email": "ada@gmail.com"})).check().unwrap().company_domain, "");
    }

    #[test]
    fn everything_wrong_is_named_at_once() {
        let wrong = refused(json!({
            "email": "ada", "phone": "x", "linkedin_url": "javascript:alert(1)", "employee_count": -1, "annual_revenue": -5,
            "company_domain": "nope", "title": "x".repeat(201), "custom": {"Bad Key": 1, "list": []},
        }));
        assert_eq!(
            wrong,
            [
                "/email",
                "/company_domain",
                "/phone",
                "/title",
                "/linkedin_url",
                "/employee_count",
                "/annual_revenue",
                "/custom/Bad Key",
                "/custom/list"
            ]
        );
        assert_eq!(refused(json!({})), ["/first_name"]);
        let account = AccountDraft { domain: "gmail.com".to_owned(), ..AccountDraft::default() };
        assert_eq!(account.check().unwrap_err().first().map(|error| error.code.clone()).as_deref(), Some("domain.free_mail"));
    }
}
