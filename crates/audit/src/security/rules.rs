//! The rules that turn events into security events. Each looks at one event, and at what the log holds of
//! the same person or address before it.

use std::net::IpAddr;

use db::{DbError, SystemTx};
use identity::NOWHERE;
use ipnet::IpNet;
use jiff::SignedDuration;
use kernel::Uuid;
use serde_json::{Value, json};

use super::{
    Severity,
    store::{self, Finding},
};
use crate::projection::Event;

/// So many refusals …
const OFTEN: i64 = 10;
/// … in this time are not a person who mistypes.
const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// An export of so many rows takes out more than somebody works with.
const MASS: i64 = 1000;

/// Every kind of security event, and how people read it.
pub(crate) const KINDS: &[(&str, &str)] = &[
    ("refusals.repeated", "Repeated failed sign-ins"),
    ("refresh_token.reused", "A copied refresh token was used"),
    ("session.unfamiliar", "Sign-in from a new network or device"),
    ("mfa.removed", "A second factor was removed"),
    ("recovery_code.used", "A recovery code was used"),
    ("export.mass", "A large export"),
    ("key.refused", "An API key was used from a refused address"),
    ("ownership.transferred", "The organisation has a new owner"),
    ("permission.denied_repeatedly", "Somebody keeps trying what they may not do"),
    ("audit.damaged", "The audit log was tampered with"),
];

/// Applies every rule to the events of one stretch of the log.
pub(crate) async fn apply(tx: &SystemTx, events: &[Event]) -> Result<(), DbError> {
    for event in events {
        let Some(found) = judge(tx, event).await? else { continue };
        let finding = Finding {
            org: event.org,
            at: event.at,
            kind: found.kind,
            severity: found.severity,
            user: found.user,
            address: address(&event.origin).unwrap_or_default(),
            details: found.details,
        };
        if store::insert(tx, &finding).await? && finding.severity != Severity::Info {
            // Ids and kinds: what a log may hold.
            tracing::warn!(org = %finding.org, kind = finding.kind, severity = finding.severity.as_str(), "a security event");
        }
    }
    Ok(())
}

struct Found {
    kind: &'static str,
    severity: Severity,
    user: Option<Uuid>,
    details: Value,
}

impl Found {
    const fn new(kind: &'static str, severity: Severity, user: Option<Uuid>, details: Value) -> Self {
        Self { kind, severity, user, details }
    }
}

async fn judge(tx: &SystemTx, event: &Event) -> Result<Option<Found>, DbError> {
    let word = |name: &str| event.payload.get(name).and_then(Value::as_str).unwrap_or_default();
    let by = event.actor.strip_prefix("user:").and_then(|id| Uuid::try_parse(id).ok());
    let about = (event.subject_type == "user").then_some(event.subject);
    let found = match event.kind.as_str() {
        "session.refused" => {
            let since = event.at.checked_sub(WITHIN).unwrap_or(jiff::Timestamp::MIN);
            let count = store::count(tx, event.org, event.subject, "session.refused", since, event.seq).await?;
            let by_address = event.org.uuid() == NOWHERE;
            (count >= OFTEN).then(|| {
                Found::new(
                    "refusals.repeated",
                    Severity::Warning,
                    about,
                    json!({ "count": count, "by": if by_address { "address" } else { "account" } }),
                )
            })
        }
        "session.ended" if word("why") == "refresh_token_reused" => {
            Some(Found::new("refresh_token.reused", Severity::Critical, about, json!({})))
        }
        "session.started" => unfamiliar(tx, event).await?,
        "person.mfa_removed" | "person.passkey_removed" => Some(Found::new("mfa.removed", Severity::Warning, about, event.payload.clone())),
        "person.recovery_code_used" => Some(Found::new("recovery_code.used", Severity::Warning, about, json!({}))),
        "key.refused" => {
            Some(Found::new("key.refused", Severity::Warning, by, json!({ "key": format!("key_{}", event.subject.as_simple()) })))
        }
        "ownership.transferred" => Some(Found::new("ownership.transferred", Severity::Warning, by, event.payload.clone())),
        "member.role_changed" if event.payload.pointer("/role/to").and_then(Value::as_str) == Some("owner") => {
            Some(Found::new("ownership.transferred", Severity::Warning, about, json!({ "by": event.actor })))
        }
        "permission.denied" => {
            let since = event.at.checked_sub(WITHIN).unwrap_or(jiff::Timestamp::MIN);
            let count = store::count(tx, event.org, event.subject, "permission.denied", since, event.seq).await?;
            let details = json!({ "count": count, "last": word("permission") });
            (count >= OFTEN).then(|| Found::new("permission.denied_repeatedly", Severity::Warning, about, details))
        }
        "audit.damaged" => Some(Found::new("audit.damaged", Severity::Critical, by, event.payload.clone())),
        kind if kind.ends_with(".exported") => {
            let count = event.payload.get("count").and_then(Value::as_i64).unwrap_or_default();
            (count >= MASS).then(|| Found::new("export.mass", Severity::Warning, by, json!({ "what": kind, "count": count })))
        }
        _ => None,
    };
    Ok(found)
}

/// A sign-in whose network or device none of the last 200 had. The first of all is no news.
async fn unfamiliar(tx: &SystemTx, event: &Event) -> Result<Option<Found>, DbError> {
    let known = store::sign_ins(tx, event.org, event.subject, event.seq).await?;
    if known.is_empty() {
        return Ok(None);
    }
    let device = event.payload.get("device").and_then(Value::as_str).unwrap_or_default();
    let network = address(&event.origin).and_then(network);
    let new_device = known.iter().all(|(_, known)| known != device);
    let new_network = known.iter().all(|(origin, _)| address(origin).and_then(self::network) != network);
    let severity = match (new_device, new_network) {
        (true, true) => Severity::Warning,
        (false, false) => return Ok(None),
        _ => Severity::Info,
    };
    let details = json!({ "device": device, "new_device": new_device, "new_network": new_network });
    Ok(Some(Found::new("session.unfamiliar", severity, Some(event.subject), details)))
}

/// The address that an origin ends in.
fn address(origin: &str) -> Option<&str> {
    origin.rsplit(' ').next().filter(|word| word.parse::<IpAddr>().is_ok())
}

/// The network of an address, as wide as providers hand them out: people on the move change within it.
fn network(address: &str) -> Option<IpNet> {
    let address = address.parse::<IpAddr>().ok()?.to_canonical();
    IpNet::new(address, if address.is_ipv4() { 24 } else { 48 }).ok().map(|network| network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_move_within_a_network() {
        let of = |text: &str| network(address(text).unwrap()).unwrap().to_string();
        assert_eq!(of("sess_1 203.0.113.9"), of("203.0.113.77"));
        assert_ne!(of("203.0.113.9"), of("203.0.114.9"));
        assert_eq!(of("sess_1 2001:db8:1:2::3"), "2001:db8:1::/48");
        assert_eq!((address(""), address("sess_1")), (None, None));
    }
}
