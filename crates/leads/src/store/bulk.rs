//! Changing many leads in one statement, with their events.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{Actor, LeadId};

use crate::{
    actions::bulk::{BulkAction, Target},
    filter::{Params, search_words},
    model::Status,
};

/// What one statement did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) seen: i64,
    pub(crate) changed: i64,
    /// The last lead seen: the next chunk begins after it.
    pub(crate) last: Option<LeadId>,
}

/// Applies `action` to the next `limit` leads of `target` after `after`, in the order of ids.
/// A lead that is already as wanted is seen and not changed, so that repeating is harmless.
#[expect(clippy::too_many_arguments, reason = "the parts of one statement")]
pub(crate) async fn apply(
    tx: &TenantTx,
    target: &Target,
    action: &BulkAction,
    after: Option<LeadId>,
    limit: i64,
    asked_at: Timestamp,
    actor: Actor,
    now: Timestamp,
) -> Result<Chunk, DbError> {
    let mut p = Params::default();
    let org = format!("{}::uuid", p.push(tx.org()));
    let mut condition = match target {
        Target::Ids(ids) => format!("l.id = ANY({}::uuid[])", p.push(ids.clone())),
        Target::Matching { filter, q } => {
            // Leads that came after the wish are not meant by it.
            let asked = p.push(asked_at);
            format!("{} AND {} AND l.created_at <= {asked}::timestamptz", filter.to_sql(&mut p, asked_at), search_words(q, &mut p))
        }
    };
    if let Some(after) = after {
        condition = format!("{condition} AND l.id > {}::uuid", p.push(after));
    }
    let (set, only, kinds, payload) = match action {
        BulkAction::SetStatus { status } => {
            let to = format!("{}::text", p.push(status.as_str()));
            let kinds = if *status == Status::Converted {
                "ARRAY['lead.status_changed', 'lead.converted']"
            } else {
                "ARRAY['lead.status_changed']"
            };
            // Whoever does not want to hear from us is brought back one by one, by a person who knows why, not in bulk.
            let only = format!("o.status <> {to} AND o.status <> 'unsubscribed'");
            (format!("status = {to}"), only, kinds, format!("jsonb_build_object('from', o.status, 'to', {to})"))
        }
        BulkAction::SetOwner { owner_id } => {
            let to = format!("{}::uuid", p.push(*owner_id));
            let only = format!("o.owner_id IS DISTINCT FROM {to}");
            (format!("owner_id = {to}"), only, "ARRAY['lead.owner_changed']", format!("jsonb_build_object('from', o.owner_id, 'to', {to})"))
        }
        BulkAction::AddTags { tags } => {
            let add = format!("{}::text[]", p.push(tags.clone()));
            let fresh =
                format!("ARRAY(SELECT t FROM unnest({add}) t WHERE NOT EXISTS (SELECT FROM unnest(o.tags) x WHERE lower(x) = lower(t)))");
            let only = format!("cardinality({fresh}) > 0 AND cardinality(o.tags || {fresh}) <= 50");
            (format!("tags = o.tags || {fresh}"), only, "ARRAY['lead.tagged']", format!("jsonb_build_object('added', {fresh})"))
        }
        BulkAction::RemoveTags { tags } => {
            let lower: Vec<String> = tags.iter().map(|tag| tag.to_lowercase()).collect();
            let remove = format!("{}::text[]", p.push(lower));
            let gone = format!("ARRAY(SELECT x FROM unnest(o.tags) x WHERE lower(x) = ANY({remove}))");
            let kept = format!("ARRAY(SELECT x FROM unnest(o.tags) x WHERE lower(x) <> ALL({remove}))");
            (
                format!("tags = {kept}"),
                format!("cardinality({gone}) > 0"),
                "ARRAY['lead.tagged']",
                format!("jsonb_build_object('removed', {gone})"),
            )
        }
    };
    let (actor, now) = (p.push(actor.to_string()), p.push(now));
    let sql = format!(
        "WITH target AS MATERIALIZED (SELECT l.id FROM lead_rows l WHERE l.org_id = {org} AND {condition} ORDER BY l.id LIMIT {limit}),
         o AS MATERIALIZED (SELECT l.id, l.status, l.owner_id, l.tags FROM leads l JOIN target USING (id) WHERE l.org_id = {org} ORDER BY l.id FOR NO KEY UPDATE OF l),
         changed AS (
           UPDATE leads SET {set}, updated_at = {now}::timestamptz, version = version + 1
           FROM o WHERE leads.org_id = {org} AND leads.id = o.id AND {only}
           RETURNING leads.id, {payload} || jsonb_build_object('bulk', true) AS payload),
         told AS (
           INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
           SELECT {org}, kind, 'lead', changed.id, {actor}::text, {now}::timestamptz, payload FROM changed, unnest({kinds}) kind)
         SELECT (SELECT count(*) FROM target), (SELECT count(*) FROM changed), (SELECT id FROM target ORDER BY id DESC LIMIT 1)"
    );
    let row = tx.query_one(&sql, &p.refs()).await?;
    Ok(Chunk { seen: row.try_get(0)?, changed: row.try_get(1)?, last: row.try_get(2)? })
}
