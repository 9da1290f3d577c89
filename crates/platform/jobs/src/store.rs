use db::{Db, DbError, TenantTx};
use jiff::Timestamp;
use kernel::OrgId;

use crate::JobId;

/// The right to run a job: valid while the row's token is this one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) id: JobId,
    pub(crate) token: i64,
}

pub(crate) struct Claimed {
    pub(crate) lease: Lease,
    pub(crate) kind: String,
    pub(crate) org: Option<OrgId>,
    pub(crate) scope: Option<serde_json::Value>,
    pub(crate) payload: serde_json::Value,
    pub(crate) attempt: i32,
    pub(crate) max_attempts: i32,
}

/// Takes up to `limit` jobs of `kinds`: those that are due, and those whose worker has vanished.
pub(crate) async fn claim(db: &Db, kinds: &[&str], limit: i64, now: Timestamp, lease_seconds: f64) -> Result<Vec<Claimed>, DbError> {
    let tx = db.system().await?;
    let rows = tx
        .query(
            "WITH due AS (
               SELECT j.id, j.priority, j.run_at FROM jobs j
               WHERE j.state = 'ready' AND j.run_at <= $1 AND j.kind = ANY($2)
                 AND NOT EXISTS (SELECT FROM jobs r WHERE r.kind = j.kind AND r.unique_key = j.unique_key AND r.state = 'running')
               ORDER BY j.priority DESC, j.run_at, j.id LIMIT $3 FOR UPDATE OF j SKIP LOCKED),
             lapsed AS (
               SELECT id, priority, run_at FROM jobs
               WHERE state = 'running' AND leased_until < clock_timestamp() AND kind = ANY($2)
               ORDER BY leased_until LIMIT $3 FOR UPDATE SKIP LOCKED),
             chosen AS (
               SELECT id FROM (SELECT * FROM due UNION ALL SELECT * FROM lapsed) both_kinds
               ORDER BY priority DESC, run_at, id LIMIT $3)
             UPDATE jobs SET state = 'running', attempt = attempt + 1, lease_token = lease_token + 1,
               leased_until = clock_timestamp() + make_interval(secs => $4)
             FROM chosen WHERE jobs.id = chosen.id
             RETURNING jobs.id, lease_token, kind, org_id, scope, payload, attempt, max_attempts",
            &[&now, &kinds, &limit, &lease_seconds],
        )
        .await?;
    tx.commit().await?;
    rows.into_iter()
        .map(|row| {
            Ok(Claimed {
                lease: Lease { id: JobId(row.try_get(0)?), token: row.try_get(1)? },
                kind: row.try_get(2)?,
                org: row.try_get(3)?,
                scope: row.try_get(4)?,
                payload: row.try_get(5)?,
                attempt: row.try_get(6)?,
                max_attempts: row.try_get(7)?,
            })
        })
        .collect()
}

/// Renews the leases; returns those still held.
pub(crate) async fn renew(db: &Db, leases: &[Lease], lease_seconds: f64) -> Result<Vec<JobId>, DbError> {
    let (ids, tokens): (Vec<i64>, Vec<i64>) = leases.iter().map(|l| (l.id.0, l.token)).unzip();
    let tx = db.system().await?;
    let rows = tx
        .query(
            "UPDATE jobs SET leased_until = clock_timestamp() + make_interval(secs => $3)
             FROM unnest($1::bigint[], $2::bigint[]) AS held (id, token)
             WHERE jobs.id = held.id AND jobs.lease_token = held.token AND jobs.state = 'running' RETURNING jobs.id",
            &[&ids, &tokens, &lease_seconds],
        )
        .await?;
    tx.commit().await?;
    rows.iter().map(|row| Ok(JobId(row.try_get(0)?))).collect()
}

pub(crate) async fn progress(db: &Db, lease: &Lease, progress: &serde_json::Value) -> Result<bool, DbError> {
    let tx = db.system().await?;
    let touched = tx
        .execute(
            "UPDATE jobs SET progress = $3 WHERE id = $1 AND lease_token = $2 AND state = 'running'",
            &[&lease.id.0, &lease.token, progress],
        )
        .await?;
    tx.commit().await?;
    Ok(touched == 1)
}

pub(crate) async fn progress_in(tx: &TenantTx, lease: &Lease, progress: &serde_json::Value) -> Result<bool, DbError> {
    let touched = tx
        .execute(
            "UPDATE jobs SET progress = $4 WHERE org_id = $1 AND id = $2 AND lease_token = $3 AND state = 'running'",
            &[&tx.org(), &lease.id.0, &lease.token, &progress],
        )
        .await?;
    Ok(touched == 1)
}

pub(crate) async fn stop_requested(db: &Db, id: JobId) -> Result<bool, DbError> {
    let tx = db.system().await?;
    let row = tx.query_opt("SELECT stop_requested FROM jobs WHERE id = $1", &[&id.0]).await?;
    tx.commit().await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?.unwrap_or(true))
}

/// Ends a run for good.
pub(crate) async fn finish(db: &Db, lease: &Lease, state: &str, error: Option<&str>) -> Result<(), DbError> {
    let tx = db.system().await?;
    tx.execute(
        "UPDATE jobs SET state = $3, finished_at = clock_timestamp(), leased_until = NULL, last_error = $4
         WHERE id = $1 AND lease_token = $2 AND state = 'running'",
        &[&lease.id.0, &lease.token, &state, &error],
    )
    .await?;
    tx.commit().await
}

/// Puts a job back. If another with the same unique key is waiting meanwhile, that one does the
/// work, no later than this one would have, and this one is done.
pub(crate) async fn put_back(db: &Db, lease: &Lease, run_at: Timestamp, attempt: i32, error: Option<&str>) -> Result<(), DbError> {
    let tx = db.system().await?;
    let moved = tx
        .execute(
            "UPDATE jobs SET state = 'ready', run_at = $3, attempt = $4, leased_until = NULL, last_error = $5
             WHERE id = $1 AND lease_token = $2 AND state = 'running'",
            &[&lease.id.0, &lease.token, &run_at, &attempt, &error],
        )
        .await;
    match moved {
        Ok(_) => tx.commit().await,
        Err(conflict) if conflict.is_unique_violation() => {
            drop(tx);
            let tx = db.system().await?;
            tx.execute(
                "UPDATE jobs other SET run_at = least(other.run_at, $3) FROM jobs mine
                 WHERE mine.id = $1 AND mine.lease_token = $2 AND mine.state = 'running'
                   AND other.kind = mine.kind AND other.unique_key = mine.unique_key AND other.state = 'ready'",
                &[&lease.id.0, &lease.token, &run_at],
            )
            .await?;
            tx.commit().await?;
            finish(db, lease, "done", Some("another job of the same key took over")).await
        }
        Err(other) => Err(other),
    }
}

/// Forgets jobs that ended well over a week ago; dead ones stay until somebody has looked.
pub(crate) async fn sweep(db: &Db) -> Result<u64, DbError> {
    let tx = db.system().await?;
    let gone = tx
        .execute(
            "DELETE FROM jobs WHERE id IN (
               SELECT id FROM jobs WHERE finished_at < clock_timestamp() - interval '7 days' AND state IN ('done', 'stopped') LIMIT 10000)",
            &[],
        )
        .await?;
    tx.commit().await?;
    Ok(gone)
}
