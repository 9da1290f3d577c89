//! Changing many leads in one statement, with their events.

mod effect;

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{Actor, LeadId};

use crate::{
    actions::bulk::{BulkAction, Target},
    filter::{Params, search_words},
};

use effect::Effect;

/// What is to be done, to which leads, by whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order<'a> {
    pub(crate) target: &'a Target,
    pub(crate) action: &'a BulkAction,
    /// Leads that came after the wish are not meant by it.
    pub(crate) asked_at: Timestamp,
    pub(crate) actor: Actor,
}

/// What one statement did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) seen: i64,
    pub(crate) changed: i64,
    /// The last lead seen: the next chunk begins after it.
    pub(crate) last: Option<LeadId>,
}

/// The next `limit` leads of the target after `after`, in the order of ids.
pub(crate) async fn target(tx: &TenantTx, order: &Order<'_>, after: Option<LeadId>, limit: i64) -> Result<Vec<LeadId>, DbError> {
    let mut p = Params::default();
    let org = format!("{}::uuid", p.push(tx.org()));
    let condition = meant(order, after, &mut p);
    let sql = format!("SELECT l.id FROM lead_rows l WHERE l.org_id = {org} AND {condition} ORDER BY l.id LIMIT {limit}");
    tx.query(&sql, &p.refs()).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Which leads are meant, as a condition on `l`.
fn meant(order: &Order<'_>, after: Option<LeadId>, p: &mut Params) -> String {
    let condition = match order.target {
        Target::Ids(ids) => format!("l.id = ANY({}::uuid[])", p.push(ids.clone())),
        Target::Matching { filter, q } => {
            let asked = p.push(order.asked_at);
            format!("{} AND {} AND l.created_at <= {asked}::timestamptz", filter.to_sql(p, order.asked_at), search_words(q, p))
        }
    };
    match after {
        Some(after) => format!("{condition} AND l.id > {}::uuid", p.push(after)),
        None => condition,
    }
}

/// Applies the action to the next `limit` leads of the target after `after`, in the order of ids.
/// A lead that is already as wanted is seen and not changed, so that repeating is harmless.
pub(crate) async fn apply(tx: &TenantTx, order: &Order<'_>, after: Option<LeadId>, limit: i64, now: Timestamp) -> Result<Chunk, DbError> {
    let mut p = Params::default();
    let org = format!("{}::uuid", p.push(tx.org()));
    let condition = meant(order, after, &mut p);
    let effect = Effect::of(tx, order.action, &mut p, now).await?;
    let (actor, now) = (p.push(order.actor.to_string()), p.push(now));
    let Effect { write, only, kinds, payload } = effect;
    let changed = match write {
        Some(set) => format!(
            "UPDATE leads SET {set}, updated_at = {now}::timestamptz, version = leads.version + 1
             FROM o WHERE leads.org_id = {org} AND leads.id = o.id AND {only} RETURNING leads.id, {payload}"
        ),
        None => {
            format!("DELETE FROM leads USING o WHERE leads.org_id = {org} AND leads.id = o.id AND {only} RETURNING leads.id, {payload}")
        }
    };
    let sql = format!(
        "WITH target AS MATERIALIZED (SELECT l.id FROM lead_rows l WHERE l.org_id = {org} AND {condition} ORDER BY l.id LIMIT {limit}),
         o AS MATERIALIZED (SELECT l.* FROM leads l JOIN target USING (id) WHERE l.org_id = {org} ORDER BY l.id FOR {lock} OF l),
         changed AS ({changed} || jsonb_build_object('bulk', true) AS payload),
         told AS (
           INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
           SELECT {org}, kind, 'lead', changed.id, {actor}::text, {now}::timestamptz, payload FROM changed, unnest({kinds}) kind)
         SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM changed), (SELECT id FROM target ORDER BY id DESC LIMIT 1)",
        lock = if matches!(order.action, BulkAction::Delete) { "UPDATE" } else { "NO KEY UPDATE" },
    );
    let row = tx.query_one(&sql, &p.refs()).await?;
    Ok(Chunk { seen: row.try_get(0)?, changed: row.try_get(1)?, last: row.try_get(2)? })
}
