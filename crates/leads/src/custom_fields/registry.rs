//! A custom field, and all of an organisation's together.

use http_kit::FieldError;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::{FieldKind, kind};
use crate::model::is_custom_key;

/// A custom field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Field {
    /// Names it in `custom` of a lead and as `custom.KEY` in filters. Never changes.
    pub key: String,
    pub label: String,
    pub kind: FieldKind,
    /// What a choice chooses from.
    pub options: Vec<String>,
    /// Where it stands among the others.
    pub position: i32,
    /// Whether filters and orders find its values by an index. Happens by itself once it is used.
    pub indexed: bool,
    #[serde(skip)]
    pub(crate) index: IndexState,
    /// Archived fields take no new values and are not offered; what leads hold stays.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub archived_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Counts the changes; the `ETag`.
    pub version: i32,
}

/// How far the index of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    None,
    /// New values are indexed, older ones are being brought in.
    Building,
    Ready,
}

impl Field {
    /// The option that this text is, whatever its case.
    pub fn option(&self, text: &str) -> Option<&str> {
        kind::option(&self.options, text)
    }

    /// The value as it is stored, or what is wrong with it.
    pub fn check(&self, value: Value) -> Result<Value, String> {
        self.kind.check(value, &self.options).map_err(|why| format!("{} {why}", self.label))
    }

    /// Reads what a person or a file has written; empty is `null`.
    pub fn parse(&self, text: &str) -> Result<Value, String> {
        self.kind.parse(text, &self.options).map_err(|why| format!("{} {why}", self.label))
    }
}

/// The fields of an organisation, in their order, archived ones included.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry(Vec<Field>);

impl Registry {
    pub(crate) const fn new(fields: Vec<Field>) -> Self {
        Self(fields)
    }

    /// The field of this key.
    pub fn get(&self, key: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.key == key)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Field> {
        self.0.iter()
    }

    /// Those that take values.
    pub fn active(&self) -> impl Iterator<Item = &Field> {
        self.iter().filter(|field| field.archived_at.is_none())
    }

    /// All of them as a list.
    pub fn as_slice(&self) -> &[Field] {
        &self.0
    }

    /// Values as they are stored, and what is wrong with the others. `before` is what the lead held: what has not changed is
    /// not looked at, so that a choice that was taken away does not stand in the way of another change.
    pub fn check(&self, values: Map<String, Value>, before: &Map<String, Value>) -> (Map<String, Value>, Vec<FieldError>) {
        let mut errors = Vec::new();
        let checked = values
            .into_iter()
            .map(|(key, value)| {
                let field = self.get(&key).filter(|_| before.get(&key) != Some(&value));
                let value = match field {
                    Some(field) if field.archived_at.is_some() => {
                        Err(format!("{} is archived and takes no values: restore it first", field.label))
                    }
                    Some(field) => field.check(value.clone()),
                    None => Ok(value.clone()),
                }
                .unwrap_or_else(|why| {
                    errors.push(FieldError::new(format!("/custom/{key}"), "custom.kind", why));
                    value
                });
                (key, value)
            })
            .collect();
        (checked, errors)
    }

    /// The keys among these that no field has.
    pub(crate) fn strangers<'a>(&self, values: &'a Map<String, Value>) -> Vec<(&'a String, &'a Value)> {
        values.iter().filter(|(key, value)| is_custom_key(key) && self.get(key).is_none() && !is_nothing(value)).collect()
    }
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}
