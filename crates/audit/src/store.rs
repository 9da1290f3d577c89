//! Every statement over `audit_entries` and `audit_heads`.

use std::collections::HashMap;

use db::{Db, DbError, Row, SystemTx, TenantTx};
use jiff::Timestamp;
use kernel::{OrgId, Uuid};
use serde_json::Value;

use crate::entry::{Entry, Link, hex};

/// What the next entry of an organisation follows. Where the head was tampered with, the log goes on behind
/// the last entry all the same, and the break shows when it is verified: to stop would be the greater gift.
pub(crate) async fn head(tx: &SystemTx, org: OrgId) -> Result<Link, DbError> {
    let row = tx
        .query_one(
            "SELECT greatest(h.no, (SELECT max(no) FROM audit_entries WHERE org_id = $1), 0), coalesce(h.hash, decode(repeat('00', 32), 'hex'))
             FROM (VALUES (1)) one LEFT JOIN audit_heads h ON h.org_id = $1",
            &[&org],
        )
        .await?;
    link(&row)
}

/// The same, for whoever reads the log.
pub(crate) async fn own_head(tx: &TenantTx) -> Result<Link, DbError> {
    let row = tx.query_opt("SELECT no, hash FROM audit_heads WHERE org_id = $1", &[&tx.org()]).await?;
    Ok(row.as_ref().map(link).transpose()?.unwrap_or_else(Link::beginning))
}

/// The number of the last entry there is, which must be the head's.
pub(crate) async fn last_no(tx: &TenantTx) -> Result<i64, DbError> {
    Ok(tx.query_one("SELECT coalesce(max(no), 0) FROM audit_entries WHERE org_id = $1", &[&tx.org()]).await?.try_get(0)?)
}

fn link(row: &Row) -> Result<Link, DbError> {
    Ok(Link { no: row.try_get(0)?, hash: hex(row.try_get(1)?) })
}

pub(crate) async fn set_head(tx: &SystemTx, org: OrgId, head: &Link) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO audit_heads (org_id, no, hash) VALUES ($1, $2, decode($3, 'hex'))
         ON CONFLICT (org_id) DO UPDATE SET no = excluded.no, hash = excluded.hash",
        &[&org, &head.no, &head.hash],
    )
    .await?;
    Ok(())
}

pub(crate) async fn insert(tx: &SystemTx, entries: &[Entry]) -> Result<(), DbError> {
    if entries.is_empty() {
        return Ok(());
    }
    let subjects: Vec<(&str, Uuid)> = entries.iter().filter_map(Entry::subject_parts).collect();
    let (types, ids): (Vec<&str>, Vec<Uuid>) = subjects.into_iter().unzip();
    let orgs: Vec<OrgId> = entries.iter().map(|entry| entry.org).collect();
    let numbers: Vec<i64> = entries.iter().map(|entry| entry.no).collect();
    let times: Vec<Timestamp> = entries.iter().map(|entry| entry.at).collect();
    let actors: Vec<&str> = entries.iter().map(|entry| entry.actor.as_str()).collect();
    let origins: Vec<&str> = entries.iter().map(|entry| entry.origin.as_str()).collect();
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.kind.as_str()).collect();
    let details: Vec<&Value> = entries.iter().map(|entry| &entry.details).collect();
    let before: Vec<&str> = entries.iter().map(|entry| entry.previous_hash.as_str()).collect();
    let hashes: Vec<&str> = entries.iter().map(|entry| entry.hash.as_str()).collect();
    tx.execute(
        "INSERT INTO audit_entries (org_id, no, at, actor, origin, kind, subject_type, subject_id, details, previous_hash, hash)
         SELECT org, no, at, actor, origin, kind, type, id, details, decode(before, 'hex'), decode(hash, 'hex')
         FROM unnest($1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::jsonb[], $10::text[], $11::text[])
           AS e (org, no, at, actor, origin, kind, type, id, details, before, hash)",
        &[&orgs, &numbers, &times, &actors, &origins, &kinds, &types, &ids, &details, &before, &hashes],
    )
    .await?;
    Ok(())
}

const COLUMNS: &str = "org_id, no, at, actor, origin, kind, subject_type, subject_id, details, previous_hash, hash";

fn entry(row: &Row) -> Result<Entry, DbError> {
    let (kind, id): (String, Uuid) = (row.try_get(6)?, row.try_get(7)?);
    Ok(Entry {
        org: row.try_get(0)?,
        no: row.try_get(1)?,
        at: row.try_get(2)?,
        actor: row.try_get(3)?,
        origin: row.try_get(4)?,
        kind: row.try_get(5)?,
        subject: format!("{kind}_{}", id.as_simple()),
        details: row.try_get(8)?,
        previous_hash: hex(row.try_get(9)?),
        hash: hex(row.try_get(10)?),
    })
}

/// Entries `after < no <= until`, in their order: for walking the chain.
pub(crate) async fn walk(tx: &TenantTx, after: i64, until: i64, limit: i64) -> Result<Vec<Entry>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM audit_entries WHERE org_id = $1 AND no > $2 AND no <= $3 ORDER BY no LIMIT $4");
    tx.query(&sql, &[&tx.org(), &after, &until, &limit]).await?.iter().map(entry).collect()
}

/// What to look for; nothing set finds everything.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    /// Who did it, by the text form of their id.
    pub(crate) actor: Option<String>,
    /// What comes before the dot of the kind.
    pub(crate) family: Option<String>,
    pub(crate) subject: Option<Uuid>,
    pub(crate) since: Option<Timestamp>,
    pub(crate) until: Option<Timestamp>,
    /// Each word is in the kind, the origin or the details, or its people are among the actors.
    pub(crate) words: Vec<Word>,
    pub(crate) before: Option<i64>,
}

/// A word looked for, and the people whose name has it.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) text: String,
    pub(crate) people: Vec<String>,
}

/// The newest entries that match.
pub(crate) async fn search(tx: &TenantTx, search: &Search, limit: i64) -> Result<Vec<Entry>, DbError> {
    let like = |text: &str| format!("%{}%", text.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
    let patterns: Vec<String> = search.words.iter().map(|word| like(&word.text)).collect();
    // Three words are enough to find anything; the rest would only cost.
    let pattern = |at: usize| patterns.get(at).cloned();
    let people = |at: usize| search.words.get(at).map(|word| word.people.clone()).unwrap_or_default();
    let sql = format!(
        "SELECT {COLUMNS} FROM audit_entries e WHERE org_id = $1
           AND ($2::text IS NULL OR actor = $2) AND ($3::text IS NULL OR split_part(kind, '.', 1) = $3)
           AND ($4::uuid IS NULL OR subject_id = $4) AND ($5::timestamptz IS NULL OR at >= $5) AND ($6::timestamptz IS NULL OR at < $6)
           AND ($7::bigint IS NULL OR no < $7)
           AND ($8::text IS NULL OR kind LIKE $8 OR lower(origin) LIKE $8 OR actor = ANY($9) OR lower(details::text) LIKE $8)
           AND ($10::text IS NULL OR kind LIKE $10 OR lower(origin) LIKE $10 OR actor = ANY($11) OR lower(details::text) LIKE $10)
           AND ($12::text IS NULL OR kind LIKE $12 OR lower(origin) LIKE $12 OR actor = ANY($13) OR lower(details::text) LIKE $12)
         ORDER BY no DESC LIMIT $14"
    );
    tx.query(
        &sql,
        &[
            &tx.org(),
            &search.actor,
            &search.family,
            &search.subject,
            &search.since,
            &search.until,
            &search.before,
            &pattern(0),
            &people(0),
            &pattern(1),
            &people(1),
            &pattern(2),
            &people(2),
            &limit,
        ],
    )
    .await?
    .iter()
    .map(entry)
    .collect()
}

/// The names of the organisation's teams and of the roles of its own making.
pub(crate) async fn labels(tx: &TenantTx) -> Result<Vec<(Uuid, String)>, DbError> {
    let sql = "(SELECT id, name FROM teams WHERE org_id = $1 LIMIT 500) UNION ALL (SELECT id, name FROM roles WHERE org_id = $1 LIMIT 500)";
    tx.query(sql, &[&tx.org()]).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The names of people, members or not any more. The ids come from the organisation's own entries.
pub(crate) async fn names(db: &Db, people: &[Uuid]) -> Result<HashMap<Uuid, String>, DbError> {
    if people.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = db.read_system("SELECT id, coalesce(nullif(name, ''), email) FROM users WHERE id = ANY($1)", &[&people]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}
