//! What has happened with one subject, newest first.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::Uuid;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// One event of a timeline.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineEvent {
    /// Its number: newer is greater.
    pub seq: i64,
    /// `lead.status_changed`, `mail.opened`, …
    pub kind: String,
    /// `user:<uuid>`, `system` or `provider`.
    pub actor: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    #[schema(value_type = Object)]
    pub payload: Value,
}

/// Up to `limit` events older than number `before`.
pub(crate) async fn read(tx: &TenantTx, subject: Uuid, before: Option<i64>, limit: i64) -> Result<Vec<TimelineEvent>, DbError> {
    let rows = tx
        .query(
            "SELECT seq, kind, actor, at, payload FROM events
             WHERE org_id = $1 AND subject_id = $2 AND seq < $3 AND kind <> 'lead.scored' ORDER BY seq DESC LIMIT $4",
            &[&tx.org(), &subject, &before.unwrap_or(i64::MAX), &limit],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(TimelineEvent {
                seq: row.try_get(0)?,
                kind: row.try_get(1)?,
                actor: row.try_get(2)?,
                at: row.try_get(3)?,
                payload: row.try_get(4)?,
            })
        })
        .collect()
}
