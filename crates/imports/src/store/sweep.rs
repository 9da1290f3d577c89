//! What nobody needs any more, across organisations.

use db::{Db, DbError};
use jiff::Timestamp;
use kernel::{ImportId, OrgId};

/// Forgets uploads from before `before` that were never started.
pub(crate) async fn delete_waiting(db: &Db, before: Timestamp) -> Result<u64, DbError> {
    let tx = db.system().await?;
    let deleted = tx.execute("DELETE FROM imports WHERE status = 'mapping' AND created_at < $1", &[&before]).await?;
    tx.commit().await?;
    Ok(deleted)
}

/// Whether an import can still go on, and so needs its file.
pub(crate) async fn needs_file(db: &Db, org: OrgId, id: ImportId) -> Result<bool, DbError> {
    let sql = "SELECT FROM imports WHERE org_id = $1 AND id = $2 AND status IN ('mapping', 'running', 'stopped')";
    Ok(!db.read_system(sql, &[&org, &id]).await?.is_empty())
}
