use db::{DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{LeadId, NoteId, UserId};

use crate::model::Note;

const COLUMNS: &str = "id, lead_id, body, author_id, created_at, updated_at, version";

fn note(row: &Row) -> Result<Note, DbError> {
    Ok(Note {
        id: row.try_get(0)?,
        lead_id: row.try_get(1)?,
        body: row.try_get(2)?,
        author_id: row.try_get(3)?,
        created_at: row.try_get(4)?,
        updated_at: row.try_get(5)?,
        version: row.try_get(6)?,
    })
}

pub(crate) async fn get(tx: &TenantTx, id: NoteId) -> Result<Option<Note>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM notes WHERE org_id = $1 AND id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(note).transpose()
}

/// A lead's notes, the newest first, after the `(created_at, id)` of the last one seen.
pub(crate) async fn list(tx: &TenantTx, lead: LeadId, before: Option<(Timestamp, NoteId)>, limit: i64) -> Result<Vec<Note>, DbError> {
    let (at, id) = before.unzip();
    let sql = format!(
        "SELECT {COLUMNS} FROM notes
         WHERE org_id = $1 AND lead_id = $2 AND ($3::timestamptz IS NULL OR (created_at, id) < ($3, $4::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $5"
    );
    tx.query(&sql, &[&tx.org(), &lead, &at, &id, &limit]).await?.iter().map(note).collect()
}

pub(crate) async fn insert(tx: &TenantTx, lead: LeadId, body: &str, author: Option<UserId>, now: Timestamp) -> Result<Note, DbError> {
    let sql = format!(
        "INSERT INTO notes (org_id, id, lead_id, body, author_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6) RETURNING {COLUMNS}"
    );
    note(&tx.query_one(&sql, &[&tx.org(), &NoteId::new(), &lead, &body, &author, &now]).await?)
}

/// `None`: another change came first, or it is gone.
pub(crate) async fn update(tx: &TenantTx, id: NoteId, version: i32, body: &str, now: Timestamp) -> Result<Option<Note>, DbError> {
    let sql = format!(
        "UPDATE notes SET body = $4, updated_at = $5, version = version + 1 WHERE org_id = $1 AND id = $2 AND version = $3 RETURNING {COLUMNS}"
    );
    tx.query_opt(&sql, &[&tx.org(), &id, &version, &body, &now]).await?.as_ref().map(note).transpose()
}

pub(crate) async fn delete(tx: &TenantTx, id: NoteId) -> Result<(), DbError> {
    tx.execute("DELETE FROM notes WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}
