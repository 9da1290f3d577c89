//! Makes the audit log, and security events, from the event log.

use std::collections::HashMap;

use db::{DbError, SystemTx};
use events::{Projection, Window, project};
use http_kit::App;
use identity::NOWHERE;
use jiff::Timestamp;
use kernel::{OrgId, Uuid};
use serde_json::Value;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    canonical::plain,
    entry::{Entry, Link, hex},
    security, store,
};

/// Kinds whose every event is audited, whoever caused it: what comes before the dot.
const FAMILIES: &[&str] = &[
    "organisation",
    "ownership",
    "member",
    "invitation",
    "role",
    "team",
    "domain",
    "sso",
    "key",
    "person",
    "identity",
    "session",
    "permission",
    "import",
    "campaign",
    "template",
    "scoring",
    "suppression",
    "suppressions",
    "leads",
    "segment",
    "changes",
    "security",
    "audit",
];

/// Not audited in any case: how far an import is, and computed scores.
const NOISE: &[&str] = &["import.progressed", "lead.scored", "lead.rescored"];

/// One event as the log has it.
pub(crate) struct Event {
    pub(crate) org: OrgId,
    pub(crate) seq: i64,
    pub(crate) kind: String,
    pub(crate) subject_type: String,
    pub(crate) subject: Uuid,
    pub(crate) actor: String,
    pub(crate) at: Timestamp,
    pub(crate) payload: Value,
    pub(crate) origin: String,
}

struct Audit;

impl Projection for Audit {
    const NAME: &'static str = "audit.entries";
    const BATCH: i64 = 5_000;

    async fn apply(&self, tx: &SystemTx, window: Window) -> Result<(), DbError> {
        let events = read(tx, window).await?;
        chain(tx, events.iter().filter(|event| event.org.uuid() != NOWHERE)).await?;
        security::rules::apply(tx, &events).await
    }
}

/// The events of `window` that are audited, in commit order. Those that concern no organisation come
/// along for the security rules.
///
/// A lead's event that is part of bulk work says so in its payload: `bulk` (a bulk change), `import_id`
/// (an import) or `account_id` (facts of an account that flow to its people).
async fn read(tx: &SystemTx, window: Window) -> Result<Vec<Event>, DbError> {
    let sql = format!(
        "SELECT e.org_id, e.seq, e.kind, e.subject_type, e.subject_id, e.actor, e.at, e.payload, e.origin FROM events e
         WHERE {} AND e.kind <> ALL($6) AND NOT ((e.kind LIKE 'lead.%' OR e.kind LIKE 'account.%') AND e.payload ?| ARRAY['bulk', 'import_id', 'account_id'])
           AND (split_part(e.kind, '.', 1) = ANY($5) OR (e.origin <> '' AND e.actor LIKE 'user:%'))
         ORDER BY e.xid, e.seq",
        Window::CLAUSE
    );
    let [a, b, c, d] = window.params();
    let rows = tx.query(&sql, &[a, b, c, d, &FAMILIES, &NOISE]).await?;
    rows.iter()
        .map(|row| {
            Ok(Event {
                org: row.try_get(0)?,
                seq: row.try_get(1)?,
                kind: row.try_get(2)?,
                subject_type: row.try_get(3)?,
                subject: row.try_get(4)?,
                actor: row.try_get(5)?,
                at: row.try_get(6)?,
                payload: row.try_get(7)?,
                origin: row.try_get(8)?,
            })
        })
        .collect()
}

/// Appends an entry for each event to its organisation's chain. The projection's cursor is locked while
/// this runs, so there is one writer at a time.
async fn chain(tx: &SystemTx, events: impl Iterator<Item = &Event>) -> Result<(), DbError> {
    let mut heads: HashMap<OrgId, Link> = HashMap::new();
    let mut entries = Vec::new();
    for event in events {
        let link = match heads.get_mut(&event.org) {
            Some(link) => link,
            None => {
                let head = store::head(tx, event.org).await?;
                heads.entry(event.org).or_insert(head)
            }
        };
        let mut entry = Entry {
            org: event.org,
            no: link.no + 1,
            at: event.at,
            actor: event
                .actor
                .strip_prefix("user:")
                .and_then(|id| Uuid::try_parse(id).ok())
                .map_or_else(|| event.actor.clone(), |id| kernel::UserId::from(id).to_string()),
            origin: event.origin.clone(),
            kind: event.kind.clone(),
            subject: format!("{}_{}", event.subject_type, event.subject.as_simple()),
            details: without_addresses(plain(event.payload.clone())),
            previous_hash: link.hash.clone(),
            hash: String::new(),
        };
        entry.hash = hex(&entry.compute_hash());
        *link = Link { no: entry.no, hash: entry.hash.clone() };
        entries.push(entry);
    }
    store::insert(tx, &entries).await?;
    for (org, link) in &heads {
        store::set_head(tx, *org, link).await?;
    }
    Ok(())
}

/// Mail addresses down to their first letter and their domain: entries outlive what a person may demand to
/// have erased.
fn without_addresses(details: Value) -> Value {
    match details {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .map(|(name, value)| match (name.as_str(), value) {
                    ("email", Value::String(email)) => (name, Value::String(shortened(&email))),
                    (_, value) => (name, without_addresses(value)),
                })
                .collect(),
        ),
        other => other,
    }
}

fn shortened(email: &str) -> String {
    let (local, domain) = email.rsplit_once('@').unwrap_or(("", email));
    format!("{}…@{domain}", local.chars().take(1).collect::<String>())
}

/// This slice's reader of the event log, running until `stop`.
pub fn projections(app: &App, stop: CancellationToken) -> Vec<JoinHandle<()>> {
    vec![tokio::spawn(project(app.db.clone(), Audit, stop))]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn addresses_of_people_do_not_stay() {
        let details = without_addresses(json!({"email": "ada@a.example", "to": {"email": "b@b.example"}, "n": 1, "name": "x@y"}));
        assert_eq!(details, json!({"email": "a…@a.example", "to": {"email": "b…@b.example"}, "n": 1, "name": "x@y"}));
    }
}
