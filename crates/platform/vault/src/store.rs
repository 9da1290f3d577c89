use db::{Db, DbError, SystemTx};

/// Two processes that start together must agree on the keys; the number has no meaning.
const LOCK: i64 = 0x6c65_6164_7661_756c;

/// A row of `vault_keys`.
pub(crate) struct KeyRow {
    pub(crate) id: i32,
    pub(crate) purpose: String,
    /// Empty in the root's row that a migration has left for the first start to fill.
    pub(crate) wrapped: Vec<u8>,
    pub(crate) wrapped_by: String,
    /// Old enough for every running process to have read it.
    pub(crate) is_known_everywhere: bool,
}

/// In the order in which they were made.
const ALL: &str = "SELECT id, purpose, wrapped, wrapped_by, created_at < now() - make_interval(secs => $1) AS is_known_everywhere FROM vault_keys ORDER BY id";

fn key_row(row: &db::Row) -> KeyRow {
    KeyRow {
        id: row.get("id"),
        purpose: row.get("purpose"),
        wrapped: row.get("wrapped"),
        wrapped_by: row.get("wrapped_by"),
        is_known_everywhere: row.get("is_known_everywhere"),
    }
}

/// A transaction in which nobody else changes the keys.
pub(crate) async fn locked(db: &Db) -> Result<SystemTx, DbError> {
    let tx = db.system().await?;
    tx.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    Ok(tx)
}

pub(crate) async fn all(tx: &SystemTx, settled: f64) -> Result<Vec<KeyRow>, DbError> {
    Ok(tx.query(ALL, &[&settled]).await?.iter().map(key_row).collect())
}

pub(crate) async fn read(db: &Db, settled: f64) -> Result<Vec<KeyRow>, DbError> {
    Ok(db.read_system(ALL, &[&settled]).await?.iter().map(key_row).collect())
}

pub(crate) async fn insert(tx: &SystemTx, id: i32, purpose: &str, wrapped: &[u8], wrapped_by: &str) -> Result<(), DbError> {
    let sql = "INSERT INTO vault_keys (id, purpose, wrapped, wrapped_by) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, &[&id, &purpose, &wrapped, &wrapped_by]).await?;
    Ok(())
}

pub(crate) async fn wrap_again(tx: &SystemTx, id: i32, wrapped: &[u8], wrapped_by: &str) -> Result<(), DbError> {
    tx.execute("UPDATE vault_keys SET wrapped = $2, wrapped_by = $3 WHERE id = $1", &[&id, &wrapped, &wrapped_by]).await?;
    Ok(())
}
