use db::{DbError, Row, SystemTx, TenantTx};
use jiff::{SignedDuration, Timestamp};
use kernel::{OrgId, Uuid};
use serde_json::Value;

use super::{SecurityEvent, Severity};

/// The same trouble is told once in this time.
const ONCE_IN: SignedDuration = SignedDuration::from_mins(10);

/// Trouble about to be written down.
#[derive(Debug)]
pub(crate) struct Finding<'a> {
    pub(crate) org: OrgId,
    pub(crate) at: Timestamp,
    pub(crate) kind: &'static str,
    pub(crate) severity: Severity,
    pub(crate) user: Option<Uuid>,
    pub(crate) address: &'a str,
    pub(crate) details: Value,
}

/// Writes it down, unless the same was a moment ago; says whether it did.
pub(crate) async fn insert(tx: &SystemTx, finding: &Finding<'_>) -> Result<bool, DbError> {
    let since = finding.at.checked_sub(ONCE_IN).unwrap_or(Timestamp::MIN);
    let written = tx
        .execute(
            "INSERT INTO security_events (org_id, id, at, kind, severity, user_id, address, details)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8 WHERE NOT EXISTS (
               SELECT FROM security_events WHERE org_id = $1 AND kind = $4 AND at > $9 AND at <= $3 AND user_id IS NOT DISTINCT FROM $6 AND address = $7)",
            &[
                &finding.org,
                &Uuid::now_v7(),
                &finding.at,
                &finding.kind,
                &finding.severity.as_str(),
                &finding.user,
                &finding.address,
                &finding.details,
                &since,
            ],
        )
        .await?;
    Ok(written == 1)
}

/// How many events of `kind` about `subject` the log has from `since` on, up to the event `seq`.
pub(crate) async fn count(tx: &SystemTx, org: OrgId, subject: Uuid, kind: &str, since: Timestamp, seq: i64) -> Result<i64, DbError> {
    let row = tx
        .query_one(
            "SELECT count(*) FROM events WHERE org_id = $1 AND subject_id = $2 AND kind = $3 AND at > $4 AND seq <= $5",
            &[&org, &subject, &kind, &since, &seq],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Origin and device of a person's sign-ins before the event `seq`, the last 200.
pub(crate) async fn sign_ins(tx: &SystemTx, org: OrgId, user: Uuid, seq: i64) -> Result<Vec<(String, String)>, DbError> {
    let rows = tx
        .query(
            "SELECT origin, coalesce(payload ->> 'device', '') FROM events
             WHERE org_id = $1 AND subject_id = $2 AND kind = 'session.started' AND seq < $3 ORDER BY seq DESC LIMIT 200",
            &[&org, &user, &seq],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// The organisation's, newest first.
pub(crate) async fn list(
    tx: &TenantTx,
    severity: Option<Severity>,
    kind: Option<&str>,
    before: Option<(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<SecurityEvent>, DbError> {
    let (at, id) = before.map_or((None, None), |(at, id)| (Some(at), Some(id)));
    let rows = tx
        .query(
            "SELECT id, at, kind, severity, user_id, address, details FROM security_events
             WHERE org_id = $1 AND ($2::text IS NULL OR severity = $2) AND ($3::text IS NULL OR kind = $3)
               AND ($4::timestamptz IS NULL OR (at, id) < ($4, $5::uuid))
             ORDER BY at DESC, id DESC LIMIT $6",
            &[&tx.org(), &severity.map(Severity::as_str), &kind, &at, &id, &limit],
        )
        .await?;
    rows.iter().map(parse).collect()
}

fn parse(row: &Row) -> Result<SecurityEvent, DbError> {
    let severity: String = row.try_get(3)?;
    Ok(SecurityEvent {
        id: row.try_get(0)?,
        at: row.try_get(1)?,
        kind: row.try_get(2)?,
        severity: severity.parse().map_err(|()| DbError::Config(format!("a security event has the unknown severity {severity:?}")))?,
        user_id: row.try_get(4)?,
        address: row.try_get(5)?,
        details: row.try_get(6)?,
    })
}
