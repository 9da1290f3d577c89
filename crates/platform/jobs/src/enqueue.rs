use db::{DbError, Row, Scope, Sees, SystemTx, TenantTx, Tx};
use jiff::Timestamp;
use kernel::OrgId;

use crate::Job;

/// A job's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct JobId(pub i64);

/// When and how a job is to run. The default: at once, priority 0, up to 20 tries.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Not before this (business) time.
    pub run_at: Option<Timestamp>,
    /// Higher runs first.
    pub priority: i16,
    /// At most one job of the kind waits with this key; a second enqueue can only bring it forward.
    pub unique_key: Option<String>,
    /// Tries before it is dead.
    pub max_attempts: Option<i32>,
}

impl Options {
    /// Only one waiting job of this key.
    pub fn unique(key: impl Into<String>) -> Self {
        Self { unique_key: Some(key.into()), ..Self::default() }
    }

    /// Not before `at`.
    #[must_use]
    pub fn at(self, at: Timestamp) -> Self {
        Self { run_at: Some(at), ..self }
    }
}

/// Enqueues in the caller's transaction: the job exists exactly if the caller's change does.
/// `None` when one with the same unique key waits already and is due no later. The job remembers the
/// transaction's scope; of two with one key, that of the one that waits first is kept.
pub async fn enqueue<J: Job>(tx: &TenantTx, job: &J, options: Options) -> Result<Option<JobId>, DbError> {
    insert(tx, Some(tx.org()), Some(tx.scope()), J::KIND, &payload(job)?, options).await
}

/// The same for work that belongs to no organisation, or to one named by `org`.
pub async fn enqueue_system<J: Job>(tx: &SystemTx, org: Option<OrgId>, job: &J, options: Options) -> Result<Option<JobId>, DbError> {
    insert(tx, org, None, J::KIND, &payload(job)?, options).await
}

fn payload<J: Job>(job: &J) -> Result<serde_json::Value, DbError> {
    serde_json::to_value(job).map_err(|error| DbError::Config(format!("job {}: {error}", J::KIND)))
}

pub(crate) async fn insert(
    tx: &Tx,
    org: Option<OrgId>,
    scope: Option<&Scope>,
    kind: &str,
    payload: &serde_json::Value,
    options: Options,
) -> Result<Option<JobId>, DbError> {
    // A job without a time is due from the beginning of time, whichever clock the worker has.
    let row = tx
        .query_opt(
            "INSERT INTO jobs AS j (org_id, kind, payload, priority, run_at, unique_key, max_attempts, scope)
             VALUES ($1, $2, $3, $4, coalesce($5, '-infinity'::timestamptz), $6, coalesce($7, 20), $8)
             ON CONFLICT (kind, unique_key) WHERE unique_key IS NOT NULL AND state = 'ready'
             DO UPDATE SET run_at = excluded.run_at WHERE excluded.run_at < j.run_at
             RETURNING id",
            &[
                &org,
                &kind,
                payload,
                &options.priority,
                &options.run_at,
                &options.unique_key,
                &options.max_attempts,
                &scope.and_then(Scope::to_json),
            ],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    if options.run_at.is_none() {
        tx.execute("SELECT pg_notify('leadline_jobs', '')", &[]).await?;
    }
    Ok(Some(JobId(row.try_get(0)?)))
}

/// What a page shows of a job.
#[derive(Debug, Clone)]
pub struct JobStatus {
    pub id: JobId,
    /// [`Job::KIND`]: ids count over all kinds, so a page of one kind looks before it shows or stops a job.
    pub kind: String,
    /// `ready`, `running`, `done`, `stopped` or `dead`.
    pub state: String,
    pub attempt: i32,
    pub stop_requested: bool,
    pub progress: Option<serde_json::Value>,
    /// For the operator's eyes; not shown to the public.
    pub last_error: Option<String>,
}

impl JobStatus {
    /// Whether it waits or runs.
    pub fn is_active(&self) -> bool {
        matches!(self.state.as_str(), "ready" | "running")
    }
}

const STATUS: &str = "id, state, attempt, stop_requested, progress, last_error, kind";

/// How a job of this organisation is doing. Numbers are guessed easily, and progress counts what the job sees: whoever sees some
/// records only finds jobs that see no more than that.
pub async fn status(tx: &TenantTx, id: JobId) -> Result<Option<JobStatus>, DbError> {
    let owners = match tx.scope().sees() {
        Sees::Everything => None,
        Sees::OwnedBy(owners) => Some(serde_json::json!(owners.to_vec())),
    };
    let sql = format!("SELECT {STATUS} FROM jobs WHERE org_id = $1 AND id = $2 AND ($3::jsonb IS NULL OR scope -> 'owners' <@ $3)");
    tx.query_opt(&sql, &[&tx.org(), &id.0, &owners]).await?.map(parse).transpose()
}

/// The newest job of a kind with this unique key.
pub async fn status_by_key<J: Job>(tx: &TenantTx, unique_key: &str) -> Result<Option<JobStatus>, DbError> {
    tx.query_opt(
        &format!("SELECT {STATUS} FROM jobs WHERE org_id = $1 AND kind = $2 AND unique_key = $3 ORDER BY id DESC LIMIT 1"),
        &[&tx.org(), &J::KIND, &unique_key],
    )
    .await?
    .map(parse)
    .transpose()
}

fn parse(row: Row) -> Result<JobStatus, DbError> {
    Ok(JobStatus {
        id: JobId(row.try_get(0)?),
        state: row.try_get(1)?,
        attempt: row.try_get(2)?,
        stop_requested: row.try_get(3)?,
        progress: row.try_get(4)?,
        last_error: row.try_get(5)?,
        kind: row.try_get(6)?,
    })
}

/// Asks a job to stop: one that waits stops now, one that runs at its next pause.
/// Returns whether there was such a job, still unfinished.
pub async fn request_stop(tx: &TenantTx, id: JobId) -> Result<bool, DbError> {
    let touched = tx
        .execute(
            "UPDATE jobs SET stop_requested = true,
               state = CASE state WHEN 'ready' THEN 'stopped' ELSE state END,
               finished_at = CASE state WHEN 'ready' THEN clock_timestamp() END
             WHERE org_id = $1 AND id = $2 AND state IN ('ready', 'running')",
            &[&tx.org(), &id.0],
        )
        .await?;
    Ok(touched == 1)
}
