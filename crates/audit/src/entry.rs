//! One entry, its hash, and the chain of them.

use jiff::Timestamp;
use kernel::{OrgId, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::canonical::canonical;

/// What the first entry of a chain follows.
pub(crate) const BEGINNING: [u8; 32] = [0; 32];

/// One entry of an organisation's audit log: what `GET /api/v1/audit` lists and a line of the export holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub org: OrgId,
    /// 1, 2, 3 … without gaps, in the order in which the acts were committed.
    pub no: i64,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `user_…`, `system`, or `provider` for the world outside.
    pub actor: String,
    /// The session or key and the address it came from; empty when Leadline acted by itself.
    pub origin: String,
    /// `noun.verbed`, such as `member.role_changed`.
    pub kind: String,
    /// What it was about: a typed id.
    pub subject: String,
    #[schema(value_type = Object)]
    pub details: Value,
    /// In lower-case hexadecimal; 64 zeros for the first entry.
    pub previous_hash: String,
    /// SHA-256 over the canonical JSON (RFC 8785) of this object without `hash`, in lower-case hexadecimal.
    pub hash: String,
}

impl Entry {
    /// What `hash` must be: SHA-256 over the entry as canonical JSON (RFC 8785: members sorted, no spaces,
    /// UTF-8) with all members but `hash` itself. `at` is RFC 3339 in UTC with as many digits of the
    /// second as are not zero. A program in any language can do the same to a line of the export.
    pub fn compute_hash(&self) -> [u8; 32] {
        let form = json!({
            "org": self.org, "no": self.no, "at": self.at.to_string(), "actor": self.actor, "origin": self.origin,
            "kind": self.kind, "subject": self.subject, "details": self.details, "previous_hash": self.previous_hash,
        });
        Sha256::digest(canonical(&form).as_bytes()).into()
    }

    /// The address that `origin` ends in.
    pub(crate) fn address(&self) -> Option<&str> {
        self.origin.rsplit(' ').next().filter(|word| word.parse::<std::net::IpAddr>().is_ok())
    }

    /// The person who did it.
    pub(crate) fn person(&self) -> Option<Uuid> {
        self.actor.strip_prefix("user_").and_then(|id| Uuid::try_parse(id).ok())
    }

    /// The subject's type and bare id.
    pub(crate) fn subject_parts(&self) -> Option<(&str, Uuid)> {
        let (kind, id) = self.subject.rsplit_once('_')?;
        Some((kind, Uuid::try_parse(id).ok()?))
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Where a chain has come to: the entry that comes next must have number `no + 1` and follow `hash`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub no: i64,
    pub hash: String,
}

/// What is wrong with a chain, and at which entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "fault", rename_all = "snake_case")]
pub enum Fault {
    #[error("entry {no} was changed: it does not have the hash that it says")]
    Changed { no: i64 },
    #[error("entry {no} is missing")]
    Missing { no: i64 },
    #[error("entry {no} is not in its place: it comes where entry {expected} should be")]
    Misplaced { no: i64, expected: i64 },
    #[error("entry {no} does not follow the one before it: it, or entry {before}, was replaced")]
    Detached { no: i64, before: i64 },
    #[error("entry {no} belongs to another organisation")]
    Foreign { no: i64 },
    #[error("entry {no} was added behind the end of the chain")]
    Added { no: i64 },
    #[error("the chain ends at entry {no} with another hash than was kept: its end was replaced")]
    AnotherEnd { no: i64 },
}

impl Link {
    /// Before the first entry.
    pub fn beginning() -> Self {
        Self { no: 0, hash: hex(&BEGINNING) }
    }

    /// Checks that `entry` comes next, and moves on to it.
    pub fn follow(&mut self, entry: &Entry) -> Result<(), Fault> {
        let (no, expected) = (entry.no, self.no + 1);
        if no > expected {
            return Err(Fault::Missing { no: expected });
        }
        if no < expected {
            return Err(Fault::Misplaced { no, expected });
        }
        let hash = hex(&entry.compute_hash());
        if hash != entry.hash {
            return Err(Fault::Changed { no });
        }
        if entry.previous_hash != self.hash {
            return Err(Fault::Detached { no, before: self.no });
        }
        (self.no, self.hash) = (no, hash);
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A chain of `length` entries.
    pub(crate) fn chain(org: OrgId, length: i64) -> Vec<Entry> {
        let mut link = Link::beginning();
        (1..=length)
            .map(|no| {
                let mut entry = Entry {
                    org,
                    no,
                    at: "2026-01-05T09:00:00.25Z".parse().unwrap(),
                    actor: "system".to_owned(),
                    origin: String::new(),
                    kind: "organisation.updated".to_owned(),
                    subject: org.to_string(),
                    details: json!({ "n": no }),
                    previous_hash: link.hash.clone(),
                    hash: String::new(),
                };
                entry.hash = hex(&entry.compute_hash());
                link.follow(&entry).unwrap();
                entry
            })
            .collect()
    }

    fn walk(entries: &[Entry]) -> Result<Link, Fault> {
        let mut link = Link::beginning();
        entries.iter().try_for_each(|entry| link.follow(entry))?;
        Ok(link)
    }

    /// So that a change of the form, which would break every chain there is, does not go unnoticed.
    #[test]
    fn the_form_that_is_hashed_stands() {
        let org: OrgId = "org_01994f4e7a9c7b6f8d6c5b4a39281706".parse().unwrap();
        let entry = chain(org, 1).remove(0);
        assert_eq!(entry.hash, "0791f53400cebf97928b95bc7d24625b3b870179b697672eb661d248227b885a");
    }

    #[test]
    fn every_kind_of_damage_is_found_at_its_number() {
        let good = chain(OrgId::new(), 5);
        assert_eq!(walk(&good).unwrap().no, 5);
        let with = |change: &dyn Fn(&mut Vec<Entry>)| {
            let mut bad = good.clone();
            change(&mut bad);
            walk(&bad).unwrap_err()
        };
        assert_eq!(with(&|c| c[2].details = json!({ "n": 4 })), Fault::Changed { no: 3 });
        assert_eq!(with(&|c| c[2].at = "2026-01-05T09:00:01Z".parse().unwrap()), Fault::Changed { no: 3 });
        assert_eq!(with(&|c| drop(c.remove(0))), Fault::Missing { no: 1 });
        assert_eq!(with(&|c| drop(c.remove(2))), Fault::Missing { no: 3 });
        assert_eq!(with(&|c| c.swap(2, 3)), Fault::Missing { no: 3 });
        assert_eq!(with(&|c| c.insert(3, good[2].clone())), Fault::Misplaced { no: 3, expected: 4 });
        // Changed and hashed anew: the entry after it tells.
        let forged = |c: &mut Vec<Entry>| {
            c[2].actor = "provider".to_owned();
            c[2].hash = hex(&c[2].compute_hash());
        };
        assert_eq!(with(&forged), Fault::Detached { no: 4, before: 3 });
    }
}
