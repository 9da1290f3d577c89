use db::{Db, DbError, SystemTx};
use kernel::OrgId;

/// A stretch of the log in commit order: after `from`, up to and including `to`.
/// Select it with [`Window::CLAUSE`], binding [`Window::params`]' four values as `$1`..`$4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub from: (i64, i64),
    pub to: (i64, i64),
}

impl Window {
    /// The condition on table `events e`, over `$1`..`$4`.
    pub const CLAUSE: &'static str =
        "(e.xid, e.seq) > ($1::bigint::text::xid8, $2::bigint) AND (e.xid, e.seq) <= ($3::bigint::text::xid8, $4::bigint)";

    /// The values of `$1`..`$4`.
    pub fn params(&self) -> [&(dyn db::ToSql + Sync); 4] {
        [&self.from.0, &self.from.1, &self.to.0, &self.to.1]
    }
}

/// The next stretch of at most `limit` events after `from`, or nothing.
pub(crate) async fn next_window(tx: &SystemTx, from: (i64, i64), limit: i64) -> Result<Option<Window>, DbError> {
    let row = tx
        .query_opt(
            "SELECT xid::text::bigint, seq FROM (
               SELECT xid, seq FROM events
               WHERE (xid, seq) > ($1::bigint::text::xid8, $2) AND xid < pg_snapshot_xmin(pg_current_snapshot())
               ORDER BY xid, seq LIMIT $3) w
             ORDER BY xid DESC, seq DESC LIMIT 1",
            &[&from.0, &from.1, &limit],
        )
        .await?;
    row.map(|row| Ok(Window { from, to: (row.try_get(0)?, row.try_get(1)?) })).transpose()
}

/// One organisation's next stretch of at most `limit` events after `from`, and whether it holds as many. Looked up
/// across visibility, so that a reader who may see few of the events need not walk past all the others at once: what
/// lies in the stretch is theirs to select.
pub async fn next_of_org(db: &Db, org: OrgId, from: (i64, i64), limit: i64) -> Result<Option<(Window, bool)>, DbError> {
    let rows = db
        .read_system(
            "SELECT xid::text::bigint, seq, n FROM (
               SELECT xid, seq, row_number() OVER (ORDER BY xid, seq) AS n FROM events
               WHERE org_id = $1 AND (xid, seq) > ($2::bigint::text::xid8, $3) AND xid < pg_snapshot_xmin(pg_current_snapshot())
               ORDER BY xid, seq LIMIT $4) w
             ORDER BY n DESC LIMIT 1",
            &[&org, &from.0, &from.1, &limit],
        )
        .await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let found: i64 = row.try_get(2)?;
    Ok(Some((Window { from, to: (row.try_get(0)?, row.try_get(1)?) }, found == limit)))
}

/// The place after everything that can be read now.
pub async fn end(db: &Db) -> Result<(i64, i64), DbError> {
    let rows = db.read_system("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1", &[]).await?;
    Ok((rows.first().map_or(Ok(0), |row| row.try_get(0))?, i64::MAX))
}

/// Lets projection `consumer` read its next stretch: `apply` and the moved cursor are one
/// transaction, so each event is applied exactly once whatever dies. Returns whether there was
/// anything to read. Two nodes take turns: the second finds the cursor locked and does nothing.
pub async fn advance<E: From<DbError>>(
    db: &Db,
    consumer: &str,
    limit: i64,
    apply: impl AsyncFnOnce(&SystemTx, Window) -> Result<(), E>,
) -> Result<bool, E> {
    let tx = db.system().await?;
    tx.execute("INSERT INTO event_cursors (consumer) VALUES ($1) ON CONFLICT DO NOTHING", &[&consumer]).await?;
    let cursor =
        tx.query_opt("SELECT xid::text::bigint, seq FROM event_cursors WHERE consumer = $1 FOR UPDATE SKIP LOCKED", &[&consumer]).await?;
    let Some(cursor) = cursor else { return Ok(false) };
    let from = (cursor.try_get(0).map_err(DbError::from)?, cursor.try_get(1).map_err(DbError::from)?);
    let Some(window) = next_window(&tx, from, limit).await? else {
        tx.commit().await?;
        return Ok(false);
    };
    apply(&tx, window).await?;
    tx.execute(
        "UPDATE event_cursors SET xid = $2::bigint::text::xid8, seq = $3 WHERE consumer = $1",
        &[&consumer, &window.to.0, &window.to.1],
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}
