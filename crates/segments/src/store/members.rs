use db::{Db, DbError, Scope, TenantTx};
use http_kit::Total;
use jiff::Timestamp;
use kernel::{LeadId, SegmentId};
use leads::Params;

use crate::model::{MemberAction, Source};

/// Who is in a fixed segment, in the order of ids after `after`.
pub(crate) async fn page(tx: &TenantTx, id: SegmentId, after: Option<LeadId>, limit: i64) -> Result<Vec<LeadId>, DbError> {
    let rows = tx
        .query(
            "SELECT lead_id FROM segment_members WHERE org_id = $1 AND segment_id = $2 AND ($3::uuid IS NULL OR lead_id > $3)
             ORDER BY lead_id LIMIT $4",
            &[&tx.org(), &id, &after, &limit],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// How many are in a fixed segment, exact up to `limit`.
pub(crate) async fn count(db: &Db, scope: &Scope, id: SegmentId, limit: i64) -> Result<Total, DbError> {
    let rows = db
        .read(
            scope,
            "SELECT count(*) FROM (SELECT FROM segment_members WHERE org_id = $1 AND segment_id = $2 LIMIT $3) m",
            &[&scope.org(), &id, &(limit + 1)],
        )
        .await?;
    let found: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(Total { value: found.min(limit), exact: found <= limit })
}

/// Copies everybody from one fixed segment into another.
pub(crate) async fn copy(tx: &TenantTx, from: SegmentId, to: SegmentId, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO segment_members (org_id, segment_id, lead_id, added_at)
         SELECT org_id, $3, lead_id, $4 FROM segment_members WHERE org_id = $1 AND segment_id = $2 ON CONFLICT DO NOTHING",
        &[&tx.org(), &from, &to, &now],
    )
    .await?;
    Ok(())
}

/// The fixed segments that a lead is in, by name.
pub(crate) async fn of_lead(tx: &TenantTx, lead: LeadId, limit: i64) -> Result<Vec<(SegmentId, String)>, DbError> {
    let rows = tx
        .query(
            "SELECT s.id, s.name FROM segment_members m JOIN segments s ON s.org_id = m.org_id AND s.id = m.segment_id
             WHERE m.org_id = $1 AND m.lead_id = $2 ORDER BY lower(s.name) LIMIT $3",
            &[&tx.org(), &lead, &limit],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// What one statement did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) seen: i64,
    pub(crate) changed: i64,
    /// The last lead seen: the next chunk begins after it.
    pub(crate) last: Option<LeadId>,
}

/// Which leads, as a condition on `lead_rows l`.
fn condition(source: &Source, p: &mut Params, asked_at: Timestamp) -> String {
    match source {
        Source::Ids(ids) => format!("l.id = ANY ({}::uuid[])", p.push(ids.clone())),
        // Leads that came after the wish are not meant by it.
        Source::Matching(filter) => {
            format!("{} AND l.created_at <= {}::timestamptz", filter.to_sql(p, asked_at), p.push(asked_at))
        }
        Source::ChangeSet(id) => {
            let set = p.push(*id);
            format!(
                "l.id IN (SELECT c.row_id FROM changes c WHERE c.org_id = l.org_id AND c.change_set_id = {set}::uuid AND c.table_name = 'leads' AND c.op = 'update'
                   UNION ALL SELECT unnest(c.row_ids) FROM changes c WHERE c.org_id = l.org_id AND c.change_set_id = {set}::uuid AND c.table_name = 'leads' AND c.op = 'insert')"
            )
        }
    }
}

/// How many leads are meant, as far as `limit` and one more.
pub(crate) async fn size(db: &Db, scope: &Scope, source: &Source, limit: i64, asked_at: Timestamp) -> Result<i64, DbError> {
    let mut p = Params::default();
    let org = p.push(scope.org());
    let condition = condition(source, &mut p, asked_at);
    let sql = format!(
        "SELECT count(*) FROM (SELECT FROM lead_rows l WHERE l.org_id = {org} AND {condition} LIMIT {}) n",
        limit.saturating_add(1)
    );
    let rows = db.read_planned(scope, &sql, &p.refs()).await?;
    Ok(rows.first().map_or(Ok(0), |row| row.try_get(0))?)
}

/// Puts the next `limit` leads of `source` after `after` into the segment, or takes them out, in the order of ids. A lead that
/// is already as wanted is seen and not changed, so that repeating is harmless.
#[expect(clippy::too_many_arguments, reason = "the parts of one statement")]
pub(crate) async fn apply(
    tx: &TenantTx,
    segment: SegmentId,
    source: &Source,
    action: MemberAction,
    after: Option<LeadId>,
    limit: i64,
    asked_at: Timestamp,
    now: Timestamp,
) -> Result<Chunk, DbError> {
    let mut p = Params::default();
    let org = format!("{}::uuid", p.push(tx.org()));
    let mut condition = condition(source, &mut p, asked_at);
    if let Some(after) = after {
        condition = format!("{condition} AND l.id > {}::uuid", p.push(after));
    }
    let segment = format!("{}::uuid", p.push(segment));
    let change = match action {
        MemberAction::Add => format!(
            "INSERT INTO segment_members (org_id, segment_id, lead_id, added_at) SELECT {org}, {segment}, id, {}::timestamptz FROM target
             ON CONFLICT DO NOTHING RETURNING 1",
            p.push(now)
        ),
        MemberAction::Remove => format!(
            "DELETE FROM segment_members m USING target WHERE m.org_id = {org} AND m.segment_id = {segment} AND m.lead_id = target.id RETURNING 1"
        ),
    };
    let sql = format!(
        "WITH target AS MATERIALIZED (SELECT l.id FROM lead_rows l WHERE l.org_id = {org} AND {condition} ORDER BY l.id LIMIT {limit}),
         changed AS ({change})
         SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM changed), (SELECT id FROM target ORDER BY id DESC LIMIT 1)"
    );
    let row = tx.query_one(&sql, &p.refs()).await?;
    Ok(Chunk { seen: row.try_get(0)?, changed: row.try_get(1)?, last: row.try_get(2)? })
}
