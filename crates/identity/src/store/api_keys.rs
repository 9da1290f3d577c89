use db::{Db, DbError};
use jiff::Timestamp;
use kernel::ApiKeyId;

/// Notes a key's use and where it came from, every few minutes.
pub(crate) async fn touch(db: &Db, key: ApiKeyId, from: &str, now: Timestamp) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute("UPDATE api_keys SET last_used_at = $2, last_used_from = $3 WHERE id = $1", &[&key, &now, &from]).await?;
    tx.commit().await
}
