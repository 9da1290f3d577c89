use db::{DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{TemplateId, UserId, Uuid};

use super::{Template, TemplateContent};

const COLUMNS: &str = "id, name, subject, html, text, created_at, updated_at, version";

fn template(row: &Row) -> Result<Template, DbError> {
    Ok(Template {
        id: row.try_get("id")?,
        name: row.try_get("name")?,
        subject: row.try_get("subject")?,
        html: row.try_get("html")?,
        text: row.try_get("text")?,
        created_at: row.try_get("created_at")?,
        updated_at: row.try_get("updated_at")?,
        version: row.try_get("version")?,
    })
}

/// One template, if it is this organisation's.
pub async fn find(tx: &TenantTx, id: TemplateId) -> Result<Option<Template>, DbError> {
    let sql = format!("SELECT {COLUMNS} FROM templates WHERE org_id = $1 AND id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(template).transpose()
}

/// Newest change first, after the `(updated_at, id)` of the last one seen; `q` looks in name and subject.
pub async fn list(tx: &TenantTx, q: &str, after: Option<(Timestamp, Uuid)>, limit: i64) -> Result<Vec<Template>, DbError> {
    let (at, id) = after.unzip();
    let pattern = crate::templates::like(q);
    let sql = format!(
        "SELECT {COLUMNS} FROM templates
         WHERE org_id = $1 AND ($2 = '%%' OR lower(name) LIKE $2 OR lower(subject) LIKE $2)
           AND ($3::timestamptz IS NULL OR (updated_at, id) < ($3, $4::uuid))
         ORDER BY updated_at DESC, id DESC LIMIT $5"
    );
    tx.query(&sql, &[&tx.org(), &pattern, &at, &id, &limit]).await?.iter().map(template).collect()
}

/// What a menu offers: names without the texts, which may be large; the first 200 by name.
pub(crate) async fn names(tx: &TenantTx) -> Result<Vec<(TemplateId, String)>, DbError> {
    let sql = "SELECT id, name FROM templates WHERE org_id = $1 ORDER BY lower(name) LIMIT 200";
    tx.query(sql, &[&tx.org()]).await?.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// How many there are, counted to 10,000.
pub async fn count(tx: &TenantTx, q: &str) -> Result<i64, DbError> {
    let pattern = crate::templates::like(q);
    let row = tx
        .query_one(
            "SELECT count(*) FROM (SELECT 1 FROM templates
             WHERE org_id = $1 AND ($2 = '%%' OR lower(name) LIKE $2 OR lower(subject) LIKE $2) LIMIT 10000) t",
            &[&tx.org(), &pattern],
        )
        .await?;
    Ok(row.try_get(0)?)
}

pub(super) async fn insert(
    tx: &TenantTx,
    id: TemplateId,
    content: &TemplateContent,
    by: Option<UserId>,
    now: Timestamp,
) -> Result<Template, DbError> {
    let sql = format!(
        "INSERT INTO templates (org_id, id, name, subject, html, text, created_by, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) RETURNING {COLUMNS}"
    );
    template(&tx.query_one(&sql, &[&tx.org(), &id, &content.name, &content.subject, &content.html, &content.text, &by, &now]).await?)
}

/// `None`: another change came first, or it is gone.
pub(super) async fn update(
    tx: &TenantTx,
    id: TemplateId,
    version: i32,
    content: &TemplateContent,
    now: Timestamp,
) -> Result<Option<Template>, DbError> {
    let sql = format!(
        "UPDATE templates SET name = $4, subject = $5, html = $6, text = $7, updated_at = $8, version = version + 1
         WHERE org_id = $1 AND id = $2 AND version = $3 RETURNING {COLUMNS}"
    );
    let row = tx.query_opt(&sql, &[&tx.org(), &id, &version, &content.name, &content.subject, &content.html, &content.text, &now]).await?;
    row.as_ref().map(template).transpose()
}

pub(super) async fn delete(tx: &TenantTx, id: TemplateId) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("DELETE FROM templates WHERE org_id = $1 AND id = $2 RETURNING name", &[&tx.org(), &id]).await?;
    row.map(|row| Ok(row.try_get(0)?)).transpose()
}

/// A name that is free: `wanted`, else `wanted 2`, `wanted 3` …
pub(super) async fn free_name(tx: &TenantTx, wanted: &str) -> Result<String, DbError> {
    let row = tx
        .query_one(
            "SELECT coalesce(min(n), 0) FROM generate_series(1, 1000) n
             WHERE NOT EXISTS (SELECT 1 FROM templates t WHERE t.org_id = $1
               AND lower(t.name) = lower(CASE n WHEN 1 THEN $2::text ELSE $2::text || ' ' || n END))",
            &[&tx.org(), &wanted],
        )
        .await?;
    let n: i32 = row.try_get(0)?;
    Ok(if n <= 1 { wanted.to_owned() } else { format!("{wanted} {n}") })
}
