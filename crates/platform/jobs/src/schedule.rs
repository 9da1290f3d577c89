use db::{Db, DbError};
use jiff::Timestamp;

use crate::{Options, enqueue, registry::Schedule};

/// Enqueues every schedule that is due. The row of a schedule is moved on in the transaction
/// that enqueues, so nodes do not double it; periods missed while everything was down are not made up.
pub(crate) async fn tick(db: &Db, schedules: &[Schedule], now: Timestamp) -> Result<(), DbError> {
    if schedules.is_empty() {
        return Ok(());
    }
    let tx = db.system().await?;
    for schedule in schedules {
        let next = now.checked_add(schedule.every).unwrap_or(Timestamp::MAX);
        let due = tx
            .query_opt(
                "INSERT INTO job_schedules AS s (kind, next_at) VALUES ($1, $2)
                 ON CONFLICT (kind) DO UPDATE SET next_at = $2 WHERE s.next_at <= $3 RETURNING kind",
                &[&schedule.kind, &next, &now],
            )
            .await?;
        if due.is_some() {
            enqueue::insert(&tx, None, None, schedule.kind, &schedule.payload, Options::unique("schedule")).await?;
        }
    }
    tx.commit().await
}
