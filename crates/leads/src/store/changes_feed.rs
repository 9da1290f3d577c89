//! What has happened in an organisation, in the order of commits, for programs that follow it.

use db::{Db, DbError, Row, Scope};
use events::Window;
use jiff::Timestamp;
use kernel::{UserId, Uuid};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// What events may be about for somebody who sees some leads only: things that show no lead, leads (their policy
/// hides the others), and accounts of such leads.
const OPEN_SUBJECTS: &[&str] = &["lead", "segment", "camp", "tmpl"];

/// One event of the changes feed.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangeEvent {
    /// Its number: of each event another. The order of the feed is that of commits, not of these.
    pub id: i64,
    /// `lead.updated`, `mail.replied`, `note.added`, …
    pub kind: String,
    /// What it is about: `lead_…`, `acct_…`, `segment_…`, or the organisation for bulk work.
    pub subject: String,
    /// `user_…`, `system` or `provider`.
    pub actor: String,
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Ids and names of what changed; read the subject for its values.
    #[schema(value_type = Object)]
    pub payload: Value,
}

/// Up to `limit` events of `window` with their places: those of `families` (the first words of their kinds), and of
/// `kinds` among them if it names any.
pub(crate) async fn read(
    db: &Db,
    scope: &Scope,
    window: Window,
    families: &[&str],
    kinds: &[String],
    limit: i64,
) -> Result<Vec<(ChangeEvent, (i64, i64))>, DbError> {
    let narrowed = if scope.sees_everything() {
        "$9::text[] IS NOT NULL"
    } else {
        // How many leads somebody else has put into a segment is not theirs to know.
        "e.kind NOT LIKE 'segment.members\\_%' AND (e.subject_type = ANY ($9) OR e.subject_type = 'acct' AND EXISTS (SELECT FROM accounts a WHERE a.org_id = e.org_id AND a.id = e.subject_id))"
    };
    let sql = format!(
        "SELECT e.seq, e.xid::text::bigint, e.kind, e.subject_type, e.subject_id, e.actor, e.at, e.payload FROM events e
         WHERE e.org_id = $5 AND {} AND split_part(e.kind, '.', 1) = ANY ($6)
           AND (cardinality($7::text[]) = 0 OR e.kind = ANY ($7) OR split_part(e.kind, '.', 1) || '.*' = ANY ($7)) AND {narrowed}
         ORDER BY e.xid, e.seq LIMIT $8",
        Window::CLAUSE
    );
    let [a, b, c, d] = window.params();
    let rows = db.read_planned(scope, &sql, &[a, b, c, d, &scope.org(), &families, &kinds, &limit, &OPEN_SUBJECTS]).await?;
    rows.iter().map(event).collect()
}

fn event(row: &Row) -> Result<(ChangeEvent, (i64, i64)), DbError> {
    let (id, xid): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    let (subject_type, subject, actor): (&str, Uuid, String) = (row.try_get(3)?, row.try_get(4)?, row.try_get(5)?);
    let person = actor.strip_prefix("user:").and_then(|id| id.parse::<Uuid>().ok()).map(|id| UserId::from(id).to_string());
    let event = ChangeEvent {
        id,
        kind: row.try_get(2)?,
        subject: format!("{subject_type}_{}", subject.as_simple()),
        actor: person.unwrap_or(actor),
        at: row.try_get(6)?,
        payload: row.try_get(7)?,
    };
    Ok((event, (xid, id)))
}
