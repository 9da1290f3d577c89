//! Every statement about files that jobs write.

use db::{Db, DbError, Row, TenantTx};
use jiff::Timestamp;
use jobs::JobId;
use kernel::{ExportId, OrgId, UserId};

/// A file for somebody.
#[derive(Debug, Clone)]
pub(super) struct Export {
    pub(super) id: ExportId,
    pub(super) made_at: Timestamp,
    pub(super) expires_at: Timestamp,
    pub(super) job: JobId,
    /// Rows and bytes, once the file is whole.
    pub(super) written: Option<(i64, i64)>,
}

fn export(row: &Row) -> Result<Export, DbError> {
    let (rows, bytes): (Option<i64>, Option<i64>) = (row.try_get(4)?, row.try_get(5)?);
    Ok(Export {
        id: row.try_get(0)?,
        made_at: row.try_get(1)?,
        expires_at: row.try_get(2)?,
        job: JobId(row.try_get(3)?),
        written: rows.zip(bytes),
    })
}

pub(super) async fn insert(tx: &TenantTx, id: ExportId, by: UserId, now: Timestamp, until: Timestamp, job: JobId) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO lead_exports (org_id, id, made_by, made_at, expires_at, job_id) VALUES ($1, $2, $3, $4, $5, $6)",
        &[&tx.org(), &id, &by, &now, &until, &job.0],
    )
    .await?;
    Ok(())
}

/// The file that `by` asked for; nobody else finds it.
pub(super) async fn get(tx: &TenantTx, id: ExportId, by: UserId, now: Timestamp) -> Result<Option<Export>, DbError> {
    tx.query_opt(
        "SELECT id, made_at, expires_at, job_id, rows, bytes FROM lead_exports WHERE org_id = $1 AND id = $2 AND made_by = $3 AND expires_at > $4",
        &[&tx.org(), &id, &by, &now],
    )
    .await?
    .as_ref()
    .map(export)
    .transpose()
}

/// The file is whole.
pub(super) async fn finish(tx: &TenantTx, id: ExportId, rows: i64, bytes: i64) -> Result<(), DbError> {
    tx.execute("UPDATE lead_exports SET rows = $3, bytes = $4 WHERE org_id = $1 AND id = $2", &[&tx.org(), &id, &rows, &bytes]).await?;
    Ok(())
}

/// Up to `limit` expired files.
pub(super) async fn expired(db: &Db, now: Timestamp, limit: i64) -> Result<Vec<(OrgId, ExportId)>, DbError> {
    let rows =
        db.read_system("SELECT org_id, id FROM lead_exports WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2", &[&now, &limit]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

pub(super) async fn forget(db: &Db, org: OrgId, id: ExportId) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute("DELETE FROM lead_exports WHERE org_id = $1 AND id = $2", &[&org, &id]).await?;
    tx.commit().await
}
