//! Every statement about change sets.

use db::{Db, DbError, Row, TenantTx};
use jiff::Timestamp;
use jobs::JobId;
use kernel::{Actor, ChangeSetId, OrgId, UserId, Uuid};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::model::{ChangeSet, Count, Kind, State};

/// A change set with its state as it really is: one whose job has ended, or to which nobody has written for an hour, is
/// open no longer; an undoing whose job has ended can go on.
const SET: &str = "s.id, s.kind, s.title, s.made_by, s.made_at, s.undoable_until,
    CASE WHEN s.status = 'open' AND (CASE WHEN s.job_id IS NULL THEN s.written_at < clock_timestamp() - interval '1 hour'
             ELSE coalesce(j.state NOT IN ('ready', 'running'), true) END) THEN 'done'
         WHEN s.status = 'undoing' AND coalesce(j.state NOT IN ('ready', 'running'), true) THEN 'stopped' ELSE s.status END,
    s.undone_by, s.undone_at, s.undo_seen, s.undo_done, s.undo_conflicts, s.job_id, coalesce(j.stop_requested, false),
    ARRAY(SELECT c.table_name || ' ' || c.op || ' ' || sum(c.rows) FROM change_counts c
          WHERE c.org_id = s.org_id AND c.change_set_id = s.id GROUP BY c.table_name, c.op ORDER BY c.table_name <> 'leads', c.table_name, c.op DESC)";

const FROM: &str = "change_sets s LEFT JOIN jobs j ON j.org_id = s.org_id AND j.id = s.job_id";

fn set(row: &Row) -> Result<ChangeSet, DbError> {
    let (kind, state): (&str, &str) = (row.try_get(1)?, row.try_get(6)?);
    let counts: Vec<String> = row.try_get(14)?;
    Ok(ChangeSet {
        id: row.try_get(0)?,
        kind: Kind::parse(kind).ok_or_else(|| DbError::Config(format!("change_sets.kind: {kind}")))?,
        title: row.try_get(2)?,
        made_by: row.try_get(3)?,
        made_at: row.try_get(4)?,
        undoable_until: row.try_get(5)?,
        state: State::parse(state).ok_or_else(|| DbError::Config(format!("change_sets.status: {state}")))?,
        undone_by: row.try_get(7)?,
        undone_at: row.try_get(8)?,
        undo_seen: row.try_get(9)?,
        undo_done: row.try_get(10)?,
        undo_conflicts: row.try_get(11)?,
        job_id: row.try_get(12)?,
        is_stopping: row.try_get(13)?,
        counts: counts.iter().filter_map(|text| count(text)).collect(),
    })
}

fn count(text: &str) -> Option<Count> {
    let mut words = text.split(' ');
    Some(Count { table: words.next()?.to_owned(), op: words.next()?.to_owned(), rows: words.next()?.parse().ok()? })
}

pub(super) async fn insert(
    tx: &TenantTx,
    id: ChangeSetId,
    kind: Kind,
    title: &str,
    made_by: Option<UserId>,
    now: Timestamp,
    until: Timestamp,
) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO change_sets (org_id, id, kind, title, made_by, made_at, undoable_until) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &[&tx.org(), &id, &kind.as_str(), &title, &made_by, &now, &until],
    )
    .await?;
    Ok(())
}

/// Names the change set that the rest of the transaction writes to, or none.
pub(super) async fn name(tx: &TenantTx, id: Option<ChangeSetId>) -> Result<(), DbError> {
    let name = id.map_or_else(String::new, |id| id.uuid().to_string());
    tx.execute("SELECT set_config('leadline.change_set', $1, true)", &[&name]).await?;
    Ok(())
}

/// Has this transaction's changes counted apart from those of the one that goes on beside it.
pub(super) async fn count_apart(tx: &TenantTx) -> Result<(), DbError> {
    tx.batch("SET LOCAL leadline.change_writer = '1'").await
}

pub(super) async fn written(tx: &TenantTx, id: ChangeSetId) -> Result<(), DbError> {
    tx.execute("UPDATE change_sets SET written_at = clock_timestamp() WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

pub(super) async fn set_job(tx: &TenantTx, id: ChangeSetId, job: JobId) -> Result<(), DbError> {
    tx.execute("UPDATE change_sets SET job_id = $3 WHERE org_id = $1 AND id = $2", &[&tx.org(), &id, &job.0]).await?;
    Ok(())
}

pub(super) async fn close(tx: &TenantTx, id: ChangeSetId) -> Result<(), DbError> {
    tx.execute("UPDATE change_sets SET status = 'done' WHERE org_id = $1 AND id = $2 AND status = 'open'", &[&tx.org(), &id]).await?;
    Ok(())
}

pub(super) async fn forget_empty(tx: &TenantTx, id: ChangeSetId) -> Result<bool, DbError> {
    let gone = tx
        .execute(
            "DELETE FROM change_sets s WHERE s.org_id = $1 AND s.id = $2
             AND NOT EXISTS (SELECT FROM change_counts c WHERE c.org_id = $1 AND c.change_set_id = $2)",
            &[&tx.org(), &id],
        )
        .await?;
    Ok(gone == 1)
}

/// One change set, if it is there and visible.
pub async fn get(tx: &TenantTx, id: ChangeSetId) -> Result<Option<ChangeSet>, DbError> {
    let sql = format!("SELECT {SET} FROM {FROM} WHERE s.org_id = $1 AND s.id = $2");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(set).transpose()
}

/// One change set, locked: two cannot begin to undo it.
pub(super) async fn lock(tx: &TenantTx, id: ChangeSetId) -> Result<Option<ChangeSet>, DbError> {
    let sql = format!("SELECT {SET} FROM {FROM} WHERE s.org_id = $1 AND s.id = $2 FOR UPDATE OF s");
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(set).transpose()
}

/// How many rows a change set has inserted, updated and deleted so far, by table.
pub async fn counts(tx: &TenantTx, id: ChangeSetId) -> Result<Vec<Count>, DbError> {
    Ok(get(tx, id).await?.map(|set| set.counts).unwrap_or_default())
}

/// Change sets, newest first, older than `before`.
pub(super) async fn list(tx: &TenantTx, before: Option<(Timestamp, ChangeSetId)>, limit: i64) -> Result<Vec<ChangeSet>, DbError> {
    let (at, id) = before.map_or((None, None), |(at, id)| (Some(at), Some(id)));
    let sql = format!(
        "SELECT {SET} FROM {FROM} WHERE s.org_id = $1 AND ($2::timestamptz IS NULL OR (s.made_at, s.id) < ($2, $3))
         ORDER BY s.made_at DESC, s.id DESC LIMIT $4"
    );
    tx.query(&sql, &[&tx.org(), &at, &id, &limit]).await?.iter().map(set).collect()
}

/// A row that a change set has changed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangedRow {
    /// The change's number and the row's place in it: where the next page goes on.
    #[serde(skip)]
    pub(super) place: (i64, i64),
    pub table: String,
    /// `insert`, `update` or `delete`.
    pub op: String,
    /// `null` for rows without an id.
    #[schema(value_type = Option<String>)]
    pub row_id: Option<Uuid>,
    /// What it is called; empty when it is not there any more.
    pub name: String,
    /// Whether it is there.
    pub exists: bool,
    /// update: the changed fields as they were; delete: all of them.
    #[schema(value_type = Object)]
    pub before: Map<String, Value>,
    /// update: the same fields as they became.
    #[schema(value_type = Object)]
    pub after: Map<String, Value>,
}

/// What a row of a table is called now: name and whether it is there, for `x.table_name` and `x.row_id`.
const NAMED: &str = "LEFT JOIN leads l ON x.table_name = 'leads' AND l.org_id = $1 AND l.id = x.row_id
    LEFT JOIN accounts a ON x.table_name = 'accounts' AND a.org_id = $1 AND a.id = x.row_id";
const NAME: &str =
    "coalesce(nullif(btrim(l.first_name || ' ' || l.last_name), ''), l.email, nullif(l.external_id, ''), nullif(a.name, ''), a.domain, ''),
    l.id IS NOT NULL OR a.id IS NOT NULL";

/// The rows after `place`, in the order in which they were changed.
pub(super) async fn rows(tx: &TenantTx, id: ChangeSetId, place: (i64, i64), limit: i64) -> Result<Vec<ChangedRow>, DbError> {
    let sql = format!(
        "SELECT x.n, x.position, x.table_name, x.op, x.row_id, {NAME},
           coalesce(hstore_to_jsonb(x.before - leadline_bookkeeping(x.table_name::regclass) - ARRAY['org_id']), '{{}}'),
           coalesce(hstore_to_jsonb(x.after - leadline_bookkeeping(x.table_name::regclass)), '{{}}')
         FROM (
           SELECT c.n, coalesce(r.position, 0) AS position, c.table_name, c.op, coalesce(c.row_id, r.id) AS row_id, c.before, c.after
           FROM (SELECT * FROM changes c WHERE c.org_id = $1 AND c.change_set_id = $2 AND c.n >= $3 ORDER BY c.n LIMIT $5::bigint + 1) c
           LEFT JOIN LATERAL unnest(c.row_ids) WITH ORDINALITY AS r (id, position) ON true
           WHERE (c.n, coalesce(r.position, 0)) > ($3, $4) ORDER BY c.n, 2 LIMIT $5::bigint) x
         {NAMED} ORDER BY x.n, x.position"
    );
    let rows = tx.query(&sql, &[&tx.org(), &id, &place.0, &place.1, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(ChangedRow {
                place: (row.try_get(0)?, row.try_get(1)?),
                table: row.try_get(2)?,
                op: row.try_get(3)?,
                row_id: row.try_get(4)?,
                name: row.try_get(5)?,
                exists: row.try_get(6)?,
                before: row.try_get::<_, db::Json<_>>(7)?.0,
                after: row.try_get::<_, db::Json<_>>(8)?.0,
            })
        })
        .collect()
}

/// A row that undoing left as it is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Conflict {
    #[serde(skip)]
    pub(super) place: i64,
    pub table: String,
    #[schema(value_type = Option<String>)]
    pub row_id: Option<Uuid>,
    pub name: String,
    /// Whether the row is there.
    pub exists: bool,
    /// `changed`, `gone`, `in_use`, `taken`, `missing` or `refused`.
    pub reason: String,
    /// The fields it is about.
    pub fields: Vec<String>,
    /// Who changed one of them last: `user:<uuid>`, `system` or `provider`.
    pub changed_by: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<Timestamp>,
}

/// The conflicts after number `after`. Who was in the way stands in the event log.
pub(super) async fn conflicts(tx: &TenantTx, id: ChangeSetId, after: i64, limit: i64) -> Result<Vec<Conflict>, DbError> {
    let sql = format!(
        "SELECT x.id, x.table_name, x.row_id, {NAME}, x.reason, x.fields, e.actor, e.at
         FROM (SELECT * FROM change_conflicts c WHERE c.org_id = $1 AND c.change_set_id = $2 AND c.id > $3 ORDER BY c.id LIMIT $4) x
         {NAMED}
         LEFT JOIN LATERAL (
           SELECT e.actor, e.at FROM events e
           WHERE e.org_id = $1 AND e.subject_id = x.row_id AND x.reason IN ('changed', 'gone') AND NOT e.payload ? 'undoes'
             AND (e.kind IN ('lead.deleted', 'account.deleted', 'account.merged', 'lead.merged')
               OR (e.kind IN ('lead.updated', 'account.updated') AND (x.fields = '{{}}' OR e.payload -> 'fields' ?| x.fields))
               OR (e.kind = 'lead.status_changed' AND (x.fields = '{{}}' OR 'status' = ANY (x.fields)))
               OR (e.kind = 'lead.owner_changed' AND (x.fields = '{{}}' OR 'owner_id' = ANY (x.fields)))
               OR (e.kind = 'lead.tagged' AND (x.fields = '{{}}' OR 'tags' = ANY (x.fields))))
           ORDER BY e.seq DESC LIMIT 1) e ON true
         ORDER BY x.id"
    );
    let rows = tx.query(&sql, &[&tx.org(), &id, &after, &limit]).await?;
    rows.iter()
        .map(|row| {
            Ok(Conflict {
                place: row.try_get(0)?,
                table: row.try_get(1)?,
                row_id: row.try_get(2)?,
                name: row.try_get(3)?,
                exists: row.try_get(4)?,
                reason: row.try_get(5)?,
                fields: row.try_get(6)?,
                changed_by: row.try_get(7)?,
                changed_at: row.try_get(8)?,
            })
        })
        .collect()
}

/// Moves a change set to the state `undoing`, by `job` if one does it.
pub(super) async fn start(tx: &TenantTx, id: ChangeSetId, by: Option<UserId>, job: Option<JobId>) -> Result<(), DbError> {
    tx.execute(
        "UPDATE change_sets SET status = 'undoing', undone_by = $3, job_id = $4 WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &by, &job.map(|job| job.0)],
    )
    .await?;
    Ok(())
}

/// Undoes the last changes that are left, about `most` rows; returns how many it looked at, 0 when none is left.
pub(super) async fn step(tx: &TenantTx, id: ChangeSetId, actor: Actor, now: Timestamp, most: i64) -> Result<i64, DbError> {
    let row = tx.query_one("SELECT leadline_undo_step($1, $2, $3, $4)", &[&id, &actor.to_string(), &now, &most]).await?;
    Ok(row.try_get(0)?)
}

/// Ends the undoing: `stopped` in the middle, or at the end.
pub(super) async fn end(tx: &TenantTx, id: ChangeSetId, stopped: bool, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE change_sets SET undone_at = $4,
           status = CASE WHEN $3 THEN 'stopped' WHEN undo_conflicts > 0 THEN 'partly_undone' ELSE 'undone' END
         WHERE org_id = $1 AND id = $2 AND status = 'undoing'",
        &[&tx.org(), &id, &stopped, &now],
    )
    .await?;
    Ok(())
}

/// Organisations with expired change sets.
pub(super) async fn expired(db: &Db, before: Timestamp) -> Result<Vec<OrgId>, DbError> {
    let rows = db.read_system("SELECT DISTINCT org_id FROM change_sets WHERE undoable_until < $1", &[&before]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Forgets up to `limit` changes of an organisation's expired change sets, and those sets of which none is left; returns how many
/// of both. One that is being undone has a week to come to its end.
pub(super) async fn sweep(tx: &TenantTx, before: Timestamp, limit: i64) -> Result<u64, DbError> {
    const EXPIRED: &str =
        "s.org_id = $1 AND s.undoable_until < $2 AND (s.status <> 'undoing' OR s.undoable_until < $2 - interval '7 days')";
    let changes = format!(
        "DELETE FROM changes c USING (
           SELECT c.org_id, c.change_set_id, c.n FROM (SELECT s.org_id, s.id FROM change_sets s WHERE {EXPIRED} ORDER BY s.undoable_until LIMIT 100) s
           JOIN changes c ON c.org_id = s.org_id AND c.change_set_id = s.id LIMIT $3) old
         WHERE c.org_id = old.org_id AND c.change_set_id = old.change_set_id AND c.n = old.n"
    );
    let sets = format!(
        "DELETE FROM change_sets s WHERE s.org_id = $1 AND s.id IN (
           SELECT s.id FROM change_sets s WHERE {EXPIRED}
             AND NOT EXISTS (SELECT FROM changes c WHERE c.org_id = s.org_id AND c.change_set_id = s.id) ORDER BY s.undoable_until LIMIT 100)"
    );
    let changes = tx.execute(&changes, &[&tx.org(), &before, &limit]).await?;
    Ok(changes + tx.execute(&sets, &[&tx.org(), &before]).await?)
}
