//! Every statement of this slice, and the bulk ones over leads and accounts.

mod lanes;
mod load;
mod rejections;
mod suppress;
mod sweep;
mod trial;
mod write;

use db::{Db, DbError, Json, Row, Scope, TenantTx};
use jiff::Timestamp;
use kernel::{ChangeSetId, ImportId, Uuid};

use super::{
    analysis::{Analysis, Place},
    model::{Counts, Import, ImportStatus},
    plan::Plan,
    trial::Trial,
};
pub(crate) use lanes::{Done, done, forget_done, insert_done};
pub(crate) use load::load;
pub(crate) use rejections::{insert as insert_rejections, list as rejections};
pub(crate) use suppress::suppress;
pub(crate) use sweep::{delete_waiting, needs_file};
pub(crate) use trial::{begin_trial, load_tried, store_tried};
pub(crate) use write::{By, WriteError, insert_accounts, update_accounts, write_leads};

const IMPORT: &str = "id, file_name, file_bytes, analysis, plan, status, total_rows, next_offset, next_row, rows_done, created, updated, unchanged, rejected, \
    worked_ms, failure, actor, created_at, started_at, finished_at, change_sets, trial, trial_no";

fn import(row: &Row) -> Result<Import, DbError> {
    let Json(analysis): Json<Analysis> = row.try_get("analysis")?;
    let Json(plan): Json<Plan> = row.try_get("plan")?;
    let status: &str = row.try_get("status")?;
    let number = |name| row.try_get::<_, i64>(name).map(|value| u64::try_from(value).unwrap_or_default());
    Ok(Import {
        id: row.try_get("id")?,
        file_name: row.try_get("file_name")?,
        file_bytes: number("file_bytes")?,
        status: status.parse().unwrap_or(ImportStatus::Failed),
        total_rows: number("total_rows")?,
        rows_done: number("rows_done")?,
        counts: Counts {
            created: number("created")?,
            updated: number("updated")?,
            unchanged: number("unchanged")?,
            rejected: number("rejected")?,
        },
        analysis,
        plan,
        next: Place { offset: number("next_offset")?, row: number("next_row")? },
        worked_ms: number("worked_ms")?,
        failure: row.try_get("failure")?,
        actor: row.try_get("actor")?,
        created_at: row.try_get("created_at")?,
        started_at: row.try_get("started_at")?,
        finished_at: row.try_get("finished_at")?,
        change_sets: row.try_get::<_, Vec<Uuid>>("change_sets")?.into_iter().map(ChangeSetId::from).collect(),
        trial: row.try_get::<_, Option<Json<Trial>>>("trial")?.map(|Json(trial)| trial),
        trial_no: row.try_get("trial_no")?,
    })
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(crate) async fn insert(tx: &TenantTx, new: &Import) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO imports (org_id, id, file_name, file_bytes, analysis, plan, status, total_rows, actor, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &[
            &tx.org(),
            &new.id,
            &new.file_name,
            &signed(new.file_bytes),
            &Json(&new.analysis),
            &Json(&new.plan),
            &new.status.as_str(),
            &signed(new.total_rows),
            &new.actor,
            &new.created_at,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn find(db: &Db, scope: &Scope, id: ImportId) -> Result<Option<Import>, DbError> {
    let rows = db.read(scope, &format!("SELECT {IMPORT} FROM imports WHERE org_id = $1 AND id = $2"), &[&scope.org(), &id]).await?;
    rows.first().map(import).transpose()
}

/// The import, locked: nobody else moves it before the transaction ends. What belongs to it can be written meanwhile.
pub(crate) async fn lock(tx: &TenantTx, id: ImportId) -> Result<Option<Import>, DbError> {
    let row =
        tx.query_opt(&format!("SELECT {IMPORT} FROM imports WHERE org_id = $1 AND id = $2 FOR NO KEY UPDATE"), &[&tx.org(), &id]).await?;
    row.as_ref().map(import).transpose()
}

/// Newest first, after the one before `before`.
pub(crate) async fn list(db: &Db, scope: &Scope, before: Option<(Timestamp, Uuid)>, limit: i64) -> Result<Vec<Import>, DbError> {
    let (at, id) = before.map_or((None, None), |(at, id)| (Some(at), Some(id)));
    let sql = format!(
        "SELECT {IMPORT} FROM imports
         WHERE org_id = $1 AND ($2::timestamptz IS NULL OR (created_at, id) < ($2, $3::uuid))
         ORDER BY created_at DESC, id DESC LIMIT $4"
    );
    db.read(scope, &sql, &[&scope.org(), &at, &id, &limit]).await?.iter().map(import).collect()
}

pub(crate) async fn count(db: &Db, scope: &Scope) -> Result<i64, DbError> {
    let rows = db.read(scope, "SELECT count(*) FROM (SELECT FROM imports WHERE org_id = $1 LIMIT 10001) bounded", &[&scope.org()]).await?;
    rows.first().map_or(Ok(0), |row| Ok(row.try_get(0)?))
}

/// How many uploads wait to be started. Nobody else counts until the transaction ends.
pub(crate) async fn count_waiting(tx: &TenantTx) -> Result<i64, DbError> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('leads.import.waiting:' || $1::uuid::text, 0))", &[&tx.org()]).await?;
    let row = tx.query_one("SELECT count(*) FROM imports WHERE org_id = $1 AND status = 'mapping'", &[&tx.org()]).await?;
    Ok(row.try_get(0)?)
}

pub(crate) async fn delete(tx: &TenantTx, id: ImportId) -> Result<(), DbError> {
    tx.execute("DELETE FROM imports WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

/// Keeps a plan; what an earlier one would have done is forgotten. The number of the trial to come.
pub(crate) async fn save_plan(tx: &TenantTx, id: ImportId, plan: &Plan) -> Result<i32, DbError> {
    let row = tx
        .query_one(
            "UPDATE imports SET plan = $3, trial = NULL, trial_no = trial_no + 1 WHERE org_id = $1 AND id = $2 RETURNING trial_no",
            &[&tx.org(), &id, &Json(plan)],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Keeps how far a trial is. `false`: the plan has changed meanwhile, or the import has begun.
pub(crate) async fn save_trial(tx: &TenantTx, id: ImportId, no: i32, trial: &Trial) -> Result<bool, DbError> {
    let sql = "UPDATE imports SET trial = $4 WHERE org_id = $1 AND id = $2 AND trial_no = $3 AND status = 'mapping'";
    Ok(tx.execute(sql, &[&tx.org(), &id, &no, &Json(trial)]).await? == 1)
}

/// From `mapping` or `stopped` to `running`.
pub(crate) async fn start(tx: &TenantTx, import: &Import, actor: &str, change_set: ChangeSetId, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE imports SET status = 'running', plan = $3, total_rows = $4, next_offset = $5, next_row = $6, actor = $7,
           change_sets = array_append(change_sets, $9), started_at = coalesce(started_at, $8), finished_at = NULL, failure = ''
         WHERE org_id = $1 AND id = $2",
        &[
            &tx.org(),
            &import.id,
            &Json(&import.plan),
            &signed(import.total_rows),
            &signed(import.next.offset),
            &signed(import.next.row),
            &actor,
            &now,
            &change_set,
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn end(tx: &TenantTx, id: ImportId, status: ImportStatus, failure: &str, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE imports SET status = $3, failure = $4, finished_at = $5 WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &status.as_str(), &failure, &now],
    )
    .await?;
    Ok(())
}

/// Moves an import on, in the transaction that stored the rows.
pub(crate) async fn advance(tx: &TenantTx, import: &Import) -> Result<(), DbError> {
    let counts = import.counts;
    tx.execute(
        "UPDATE imports SET next_offset = $3, next_row = $4, rows_done = $5, created = $6, updated = $7, unchanged = $8, rejected = $9, worked_ms = $10
         WHERE org_id = $1 AND id = $2",
        &[
            &tx.org(),
            &import.id,
            &signed(import.next.offset),
            &signed(import.next.row),
            &signed(import.rows_done),
            &signed(counts.created),
            &signed(counts.updated),
            &signed(counts.unchanged),
            &signed(counts.rejected),
            &signed(import.worked_ms),
        ],
    )
    .await?;
    Ok(())
}

/// What a transaction is set to that stores many leads. With `quick`, the trigram indexes collect more new entries before
/// they sort them in, which halves their cost; the last stretch leaves them as everybody else does.
pub(crate) async fn write_many(tx: &TenantTx, quick: bool) -> Result<(), DbError> {
    tx.batch("SET LOCAL lock_timeout = '10s'").await?;
    if quick {
        tx.batch("SET LOCAL gin_pending_list_limit = '32MB'").await?;
    }
    Ok(())
}

/// One import at a time writes the leads of an organisation: two would wait for each other's rows
/// in different orders, and deadlock.
pub(crate) async fn take_turns(tx: &TenantTx) -> Result<(), DbError> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('leads.import:' || $1::uuid::text, 0))", &[&tx.org()]).await?;
    Ok(())
}
