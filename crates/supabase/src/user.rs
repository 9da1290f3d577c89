//! A person as Supabase Auth shows them.

use jiff::Timestamp;
use kernel::Uuid;
use serde::Serialize;
use serde_json::{Map, Value};

/// The audience and role of everybody who is signed in.
pub(crate) const AUTHENTICATED: &str = "authenticated";

/// A user.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct User {
    pub(crate) id: Uuid,
    pub(crate) aud: &'static str,
    pub(crate) role: &'static str,
    pub(crate) email: String,
    pub(crate) phone: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email_confirmed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmed_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) confirmation_sent_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) recovery_sent_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invited_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new_email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) email_change_sent_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_sign_in_at: Option<Timestamp>,
    pub(crate) app_metadata: Value,
    pub(crate) user_metadata: Value,
    pub(crate) identities: Vec<Identity>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) factors: Vec<Factor>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) banned_until: Option<Timestamp>,
    pub(crate) is_anonymous: bool,
}

/// One way in which a user is known.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Identity {
    pub(crate) identity_id: Uuid,
    /// The provider's name for them.
    pub(crate) id: String,
    pub(crate) user_id: Uuid,
    pub(crate) identity_data: Value,
    pub(crate) provider: String,
    pub(crate) last_sign_in_at: Option<Timestamp>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) email: Option<String>,
}

/// A second factor; never its secret.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Factor {
    pub(crate) id: Uuid,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) status: String,
    pub(crate) friendly_name: String,
    pub(crate) factor_type: String,
    pub(crate) phone: &'static str,
    pub(crate) last_challenged_at: Option<Timestamp>,
}

impl User {
    /// What a visitor is shown who signs up with an address that somebody has: the same as for a new
    /// person, but for the identities, of which a new person has one. It tells them nothing.
    pub(crate) fn pretended(email: &str, data: &Map<String, Value>, now: Timestamp) -> Self {
        Self {
            id: Uuid::now_v7(),
            aud: AUTHENTICATED,
            role: AUTHENTICATED,
            email: email.to_owned(),
            phone: "",
            email_confirmed_at: None,
            confirmed_at: None,
            confirmation_sent_at: Some(now),
            recovery_sent_at: None,
            invited_at: None,
            new_email: None,
            email_change_sent_at: None,
            last_sign_in_at: None,
            app_metadata: identity::session::app_metadata(Value::Null, &[], None, None),
            user_metadata: Value::Object(data.clone()),
            identities: Vec::new(),
            factors: Vec::new(),
            created_at: now,
            updated_at: now,
            banned_until: None,
            is_anonymous: false,
        }
    }
}

/// Merges `changes` into stored metadata: given fields replace, `null` deletes.
pub(crate) fn merge(stored: &Value, changes: &Map<String, Value>) -> Value {
    let mut merged = stored.as_object().cloned().unwrap_or_default();
    for (name, value) in changes {
        if value.is_null() {
            merged.remove(name);
        } else {
            merged.insert(name.clone(), value.clone());
        }
    }
    Value::Object(merged)
}

/// What to call somebody who signed up by a program: what they said, else the local part of their address.
pub(crate) fn display_name(data: &Map<String, Value>, email: &str) -> String {
    let said = ["full_name", "name", "display_name"].iter().filter_map(|key| data.get(*key)?.as_str());
    let local = email.split('@').next().unwrap_or(email);
    let tidy = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").chars().filter(|c| !c.is_control()).take(200).collect();
    said.map(tidy).find(|name: &String| !name.is_empty()).unwrap_or_else(|| local.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_merges_and_null_deletes() {
        let changes = json!({ "b": 3, "c": null, "d": { "e": 1 } });
        let merged = merge(&json!({ "a": 1, "b": 2, "c": 3 }), changes.as_object().unwrap());
        assert_eq!(merged, json!({ "a": 1, "b": 3, "d": { "e": 1 } }));
    }

    #[test]
    fn somebody_is_called_what_they_said() {
        let of = |data: Value| display_name(data.as_object().unwrap(), "ada@x.example");
        assert_eq!(of(json!({ "full_name": "  Ada   Lovelace " })), "Ada Lovelace");
        assert_eq!(of(json!({ "name": 5 })), "ada");
        assert_eq!(of(json!({ "name": " " })), "ada");
    }
}
