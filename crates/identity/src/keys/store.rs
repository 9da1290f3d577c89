//! Every statement over `api_keys` but the one that finds who a key stands for.

use db::{Db, DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{ApiKeyId, UserId};

use super::{ApiKey, draft::CheckedKey, secret::NewSecret};

const COLUMNS: &str =
    "k.id, k.name, k.prefix, k.scopes, k.addresses, k.created_by, m.name, k.created_at, k.expires_at, k.last_used_at, k.last_used_from
    FROM api_keys k JOIN members m ON m.org_id = k.org_id AND m.user_id = k.created_by WHERE k.org_id = $1";

pub(super) async fn insert(
    tx: &TenantTx,
    id: ApiKeyId,
    key: &CheckedKey,
    secret: &NewSecret,
    by: UserId,
    now: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO api_keys (org_id, id, name, prefix, key_hash, scopes, addresses, created_by, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[&tx.org(), &id, &key.name, &secret.prefix, &secret.hash.as_slice(), &key.scopes, &key.addresses, &by, &now, &key.expires_at],
    )
    .await?;
    Ok(())
}

pub(super) async fn count(tx: &TenantTx) -> Result<i64, DbError> {
    Ok(tx.query_one("SELECT count(*) FROM api_keys WHERE org_id = $1", &[&tx.org()]).await?.try_get(0)?)
}

/// The organisation's keys, the newest first; there are few.
pub(super) async fn list(tx: &TenantTx) -> Result<Vec<ApiKey>, DbError> {
    let sql = format!("SELECT {COLUMNS} ORDER BY k.id DESC LIMIT 500");
    tx.query(&sql, &[&tx.org()]).await?.iter().map(parse).collect()
}

pub(super) async fn find(tx: &TenantTx, id: ApiKeyId) -> Result<Option<ApiKey>, DbError> {
    tx.query_opt(&format!("SELECT {COLUMNS} AND k.id = $2"), &[&tx.org(), &id]).await?.as_ref().map(parse).transpose()
}

/// Name and prefix of the key that was there.
pub(super) async fn delete(tx: &TenantTx, id: ApiKeyId) -> Result<Option<(String, String)>, DbError> {
    let row = tx.query_opt("DELETE FROM api_keys WHERE org_id = $1 AND id = $2 RETURNING name, prefix", &[&tx.org(), &id]).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Notes a key's use and where it came from, every few minutes.
pub(crate) async fn touch(db: &Db, key: ApiKeyId, from: &str, now: Timestamp) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute("UPDATE api_keys SET last_used_at = $2, last_used_from = $3 WHERE id = $1", &[&key, &now, &from]).await?;
    tx.commit().await
}

fn parse(row: &Row) -> Result<ApiKey, DbError> {
    Ok(ApiKey {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        prefix: row.try_get(2)?,
        scopes: row.try_get(3)?,
        addresses: row.try_get(4)?,
        made_by: row.try_get(5)?,
        made_by_name: row.try_get(6)?,
        created_at: row.try_get(7)?,
        expires_at: row.try_get(8)?,
        last_used_at: row.try_get(9)?,
        last_used_from: row.try_get(10)?,
    })
}
