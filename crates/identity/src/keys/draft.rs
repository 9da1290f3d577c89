//! What somebody wants of a key, checked.

use http_kit::{FieldError, Problem};
use ipnet::IpNet;
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{ADMIN_SCOPE, Permission, Permissions, actions::checked_name, scopes};

/// Networks that one key may name.
const MOST_ADDRESSES: usize = 50;

/// A key to make.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewKey {
    /// What it is for, such as the program that uses it.
    #[serde(default)]
    pub name: String,
    /// `leads:read`, `campaigns:send` … or `admin` for all of them. Never more than you may do yourself, and
    /// never `keys:write`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// When it stops working; never when left out.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Addresses or networks (CIDR) it may be used from, such as `203.0.113.0/24`; everywhere when left out.
    #[serde(default)]
    pub addresses: Vec<String>,
}

/// A key that can be made.
#[derive(Debug)]
pub(crate) struct CheckedKey {
    pub(crate) name: String,
    pub(crate) scopes: Vec<String>,
    pub(crate) expires_at: Option<Timestamp>,
    pub(crate) addresses: Vec<String>,
}

impl NewKey {
    /// What is wrong with it for somebody who may do `own`.
    pub(crate) fn check(self, own: Permissions, now: Timestamp) -> Result<CheckedKey, Problem> {
        let mut errors = Vec::new();
        let name = checked_name(&self.name, "The name").map_err(|why| errors.push(FieldError::new("/name", "name.invalid", why)));
        let scopes = checked_scopes(&self.scopes, own, &mut errors);
        if self.expires_at.is_some_and(|at| at <= now) {
            errors.push(FieldError::new("/expires_at", "expires_at.past", "The expiry has passed already: choose a later day"));
        }
        if self.addresses.len() > MOST_ADDRESSES {
            let detail = format!("A key may name {MOST_ADDRESSES} networks at most: join some into wider ones");
            errors.push(FieldError::new("/addresses", "addresses.many", detail));
        }
        let addresses = self.addresses.iter().take(MOST_ADDRESSES).enumerate().filter_map(|(at, text)| {
            network(text).map_err(|why| errors.push(FieldError::new(format!("/addresses/{at}"), "address.invalid", why))).ok()
        });
        let mut addresses: Vec<String> = addresses.collect();
        addresses.dedup();
        match (name, errors.is_empty()) {
            (Ok(name), true) => Ok(CheckedKey { name, scopes, expires_at: self.expires_at, addresses }),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

/// The scopes in their usual order; what is refused is named.
fn checked_scopes(words: &[String], own: Permissions, errors: &mut Vec<FieldError>) -> Vec<String> {
    if words.is_empty() {
        errors.push(FieldError::new("/scopes", "scopes.required", "Choose at least one thing that the key may do"));
    }
    for (at, word) in words.iter().enumerate() {
        let refused = match word.parse::<Permission>() {
            Ok(Permission::KeysWrite) => Some("keys:write is never given to a key: one that makes keys would outlive its own revocation"),
            Ok(permission) if !own.has(permission) => Some("is more than you may do yourself"),
            Ok(_) => None,
            Err(()) if word == ADMIN_SCOPE && scopes(words).is_within(own) => None,
            Err(()) if word == ADMIN_SCOPE => Some("is more than you may do yourself"),
            Err(()) => Some("is not a scope; take leads:read, leads:write, campaigns:send … or admin"),
        };
        if let Some(why) = refused {
            let word: String = word.chars().take(60).collect();
            errors.push(FieldError::new(format!("/scopes/{at}"), "scope.refused", format!("“{word}” {why}")));
        }
    }
    if words.iter().any(|word| word == ADMIN_SCOPE) {
        return vec![ADMIN_SCOPE.to_owned()];
    }
    scopes(words).words().into_iter().map(str::to_owned).collect()
}

/// An address or a network, in the form in which it is kept.
fn network(text: &str) -> Result<String, String> {
    let text = text.trim();
    let parsed = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(|address| IpNet::from(address.to_canonical())));
    let shown: String = text.chars().take(60).collect();
    parsed
        .map(|network| network.trunc().to_string())
        .map_err(|_| format!("“{shown}” is neither an address such as 203.0.113.7 nor a network such as 203.0.113.0/24 or 2001:db8::/48"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    fn key(scopes: &[&str], addresses: &[&str]) -> NewKey {
        NewKey {
            name: " CRM  sync ".to_owned(),
            scopes: scopes.iter().map(|word| (*word).to_owned()).collect(),
            expires_at: None,
            addresses: addresses.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn refused(key: NewKey, own: Permissions) -> Vec<String> {
        key.check(own, Timestamp::UNIX_EPOCH).unwrap_err().errors.into_iter().map(|error| error.pointer).collect()
    }

    #[test]
    fn a_key_is_never_worth_more_than_its_maker() {
        let all = Permissions::all();
        let rep = Role::Rep.permissions();
        let made = key(&["leads:write", "leads:read"], &["203.0.113.9/24", " 2001:db8::1 "]).check(all, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((made.name.as_str(), made.scopes), ("CRM sync", vec!["leads:read".to_owned(), "leads:write".to_owned()]));
        assert_eq!(made.addresses, ["203.0.113.0/24", "2001:db8::1/128"]);
        assert_eq!(key(&["admin", "leads:read"], &[]).check(all, Timestamp::UNIX_EPOCH).unwrap().scopes, ["admin"]);
        assert_eq!(refused(key(&["leads:read", "campaigns:send"], &[]), rep), ["/scopes/1"]);
        assert_eq!(refused(key(&["admin"], &[]), rep), ["/scopes/0"]);
        assert_eq!(refused(key(&["keys:write"], &[]), all), ["/scopes/0"]);
        assert_eq!(refused(key(&["everything"], &[]), all), ["/scopes/0"]);
        assert_eq!(refused(key(&[], &[]), all), ["/scopes"]);
    }

    #[test]
    fn every_wrong_entry_is_named() {
        assert_eq!(
            refused(key(&["leads:read"], &["10.0.0.0/8", "10.0.0.0/33", "example.org", ""]), Permissions::all()),
            ["/addresses/1", "/addresses/2", "/addresses/3"]
        );
        let past = NewKey { name: String::new(), expires_at: Some(Timestamp::UNIX_EPOCH), ..key(&["leads:read"], &[]) };
        assert_eq!(refused(past, Permissions::all()), ["/name", "/expires_at"]);
    }
}
