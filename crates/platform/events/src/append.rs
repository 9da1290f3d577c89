use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{Actor, TypedId, Uuid};

/// What an event is about: the prefix of its typed id, and the id.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    pub kind: &'static str,
    pub id: Uuid,
}

impl Subject {
    /// The subject with this typed id.
    pub fn of<I: TypedId>(id: I) -> Self {
        Self { kind: I::PREFIX, id: id.uuid() }
    }
}

/// Something that has happened, about to be written down.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// `noun.verbed`, such as `session.started`.
    pub kind: &'static str,
    pub subject: Subject,
    pub actor: Actor,
    pub at: Timestamp,
    /// Ids and facts, never whole records: readers fetch what they need.
    pub payload: serde_json::Value,
}

/// Writes `events` in the transaction of the change they tell of.
/// Bulk work writes its events with `INSERT … SELECT` in the statement that made the change instead.
pub async fn append(tx: &TenantTx, events: &[NewEvent]) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let kinds: Vec<&str> = events.iter().map(|e| e.kind).collect();
    let types: Vec<&str> = events.iter().map(|e| e.subject.kind).collect();
    let ids: Vec<Uuid> = events.iter().map(|e| e.subject.id).collect();
    let actors: Vec<String> = events.iter().map(|e| e.actor.to_string()).collect();
    let times: Vec<Timestamp> = events.iter().map(|e| e.at).collect();
    let payloads: Vec<&serde_json::Value> = events.iter().map(|e| &e.payload).collect();
    tx.execute(
        "INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, * FROM unnest($2::text[], $3::text[], $4::uuid[], $5::text[], $6::timestamptz[], $7::jsonb[])",
        &[&tx.org(), &kinds, &types, &ids, &actors, &times, &payloads],
    )
    .await?;
    Ok(())
}
