//! What the first page shows: each query reads a few rows off the end of an index.

use db::{DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{CampaignId, LeadId, Uuid};
use leads::Status;

/// How far a fresh organisation has come.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FirstSteps {
    pub has_leads: bool,
    pub has_scores: bool,
    pub has_template: bool,
    pub has_postal_address: bool,
    pub has_launched: bool,
}

impl FirstSteps {
    /// Who has launched needs no introduction any more.
    pub(crate) fn is_done(self) -> bool {
        self.has_launched
    }
}

pub(crate) async fn first_steps(tx: &TenantTx) -> Result<FirstSteps, DbError> {
    let row = tx
        .query_one(
            "SELECT EXISTS (SELECT FROM leads WHERE org_id = $1),
               coalesce((SELECT score FROM leads WHERE org_id = $1 ORDER BY score DESC, id DESC LIMIT 1), 0) > 0,
               EXISTS (SELECT FROM templates WHERE org_id = $1),
               EXISTS (SELECT FROM organisations WHERE org_id = $1 AND postal_address <> ''),
               EXISTS (SELECT FROM campaigns WHERE org_id = $1 AND launched_at IS NOT NULL)",
            &[&tx.org()],
        )
        .await?;
    Ok(FirstSteps {
        has_leads: row.try_get(0)?,
        has_scores: row.try_get(1)?,
        has_template: row.try_get(2)?,
        has_postal_address: row.try_get(3)?,
        has_launched: row.try_get(4)?,
    })
}

/// A lead in the queue.
#[derive(Debug, Clone)]
pub(crate) struct QueuedLead {
    pub id: LeadId,
    pub name: String,
    pub title: String,
    pub company: String,
    pub score: i32,
    pub reasons: Vec<(String, i64)>,
    /// When they last did something.
    pub at: Option<Timestamp>,
}

const LEAD: &str = "l.id, coalesce(nullif(btrim(l.first_name || ' ' || l.last_name), ''), l.email, 'Unnamed lead'), l.title, l.company_name, l.score, l.score_reasons";

fn queued(row: &Row) -> Result<QueuedLead, DbError> {
    let db::Json(reasons): db::Json<Vec<leads::ScoreReason>> = row.try_get(5)?;
    Ok(QueuedLead {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        title: row.try_get(2)?,
        company: row.try_get(3)?,
        score: row.try_get(4)?,
        reasons: reasons.into_iter().map(|line| (line.reason, line.points)).collect(),
        at: row.try_get(6)?,
    })
}

/// The best leads of a status.
pub(crate) async fn best_of(tx: &TenantTx, status: Status, limit: i64) -> Result<Vec<QueuedLead>, DbError> {
    let sql = format!(
        "SELECT {LEAD}, l.last_activity_at FROM leads l WHERE l.org_id = $1 AND l.status = $2 ORDER BY l.score DESC, l.id DESC LIMIT $3"
    );
    tx.query(&sql, &[&tx.org(), &status.as_str(), &limit]).await?.iter().map(queued).collect()
}

/// Who opened, clicked or answered last, and has not answered yet or been decided on.
pub(crate) async fn recently_engaged(tx: &TenantTx, limit: i64) -> Result<Vec<QueuedLead>, DbError> {
    let sql = format!(
        "SELECT {LEAD}, e.last_at
         FROM (SELECT lead_id, last_at FROM intelligence_engagement
               WHERE org_id = $1 AND last_at IS NOT NULL ORDER BY last_at DESC, lead_id LIMIT 100) e
         JOIN leads l ON l.org_id = $1 AND l.id = e.lead_id
         WHERE l.status IN ('new', 'contacted') ORDER BY e.last_at DESC LIMIT $2"
    );
    tx.query(&sql, &[&tx.org(), &limit]).await?.iter().map(queued).collect()
}

/// A campaign on its way.
#[derive(Debug, Clone)]
pub(crate) struct OpenCampaign {
    pub id: CampaignId,
    pub name: String,
    pub is_running: bool,
    pub status_reason: String,
    /// Leads times steps: more can never be sent, and fewer are when leads answer or unsubscribe.
    pub at_most: i64,
    pub sent: i64,
    pub opened: i64,
    pub replied: i64,
    pub daily: Vec<i64>,
}

/// Campaigns that run or are paused, the newest first, with their counts.
pub(crate) async fn open_campaigns(tx: &TenantTx, since: jiff::civil::Date) -> Result<Vec<OpenCampaign>, DbError> {
    let rows = tx
        .query(
            "SELECT c.id, c.name, c.status = 'running', c.status_reason,
               coalesce(n.enrolled, 0) * (SELECT coalesce(max(s.position), 0) FROM campaign_steps s WHERE s.org_id = $1 AND s.campaign_id = c.id),
               coalesce(n.sent, 0), coalesce(n.opened, 0), coalesce(n.replied, 0),
               ARRAY(SELECT coalesce((SELECT sum(d.value) FROM insights_daily d
                                      WHERE d.org_id = $1 AND d.campaign_id = c.id AND d.day = g.day::date AND d.metric = 'sent'), 0)::bigint
                     FROM generate_series($2::date::timestamp, $2::date::timestamp + interval '6 days', interval '1 day') AS g (day) ORDER BY g.day)
             FROM (SELECT * FROM campaigns WHERE org_id = $1 AND status IN ('running', 'paused') ORDER BY created_at DESC, id DESC LIMIT 10) c
             LEFT JOIN LATERAL (
               SELECT sum(value) FILTER (WHERE metric = 'enrolled')::bigint AS enrolled, sum(value) FILTER (WHERE metric = 'sent')::bigint AS sent,
                 sum(value) FILTER (WHERE metric = 'opened_unique')::bigint AS opened, sum(value) FILTER (WHERE metric = 'replied')::bigint AS replied
               FROM insights_daily d WHERE d.org_id = $1 AND d.campaign_id = c.id) n ON true
             ORDER BY c.created_at DESC, c.id DESC",
            &[&tx.org(), &since],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(OpenCampaign {
                id: row.try_get(0)?,
                name: row.try_get(1)?,
                is_running: row.try_get(2)?,
                status_reason: row.try_get(3)?,
                at_most: row.try_get(4)?,
                sent: row.try_get(5)?,
                opened: row.try_get(6)?,
                replied: row.try_get(7)?,
                daily: row.try_get(8)?,
            })
        })
        .collect()
}

/// Something that happened, with the names it needs to be told.
#[derive(Debug, Clone)]
pub(crate) struct Happening {
    pub kind: String,
    pub subject: Uuid,
    pub at: Timestamp,
    pub payload: serde_json::Value,
    /// Empty when it is not about a lead, or the lead is gone.
    pub lead: String,
    pub campaign: Option<(CampaignId, String)>,
    /// Who did it, when a person did.
    pub who: Option<String>,
}

/// Of how many events the feed is made.
pub(crate) const FEED: i64 = 300;

/// The newest events, the newest first.
pub(crate) async fn happenings(tx: &TenantTx) -> Result<Vec<Happening>, DbError> {
    let rows = tx
        .query(
            "SELECT e.kind, e.subject_id, e.at, e.payload,
               coalesce(nullif(btrim(l.first_name || ' ' || l.last_name), ''), l.email, CASE WHEN l.id IS NOT NULL THEN 'A lead' END, ''),
               c.id, c.name, m.name
             FROM (SELECT seq, kind, subject_type, subject_id, actor, at, payload FROM events WHERE org_id = $1 ORDER BY seq DESC LIMIT $2) e
             LEFT JOIN leads l ON e.subject_type = 'lead' AND l.org_id = $1 AND l.id = e.subject_id
             LEFT JOIN campaigns c ON c.org_id = $1 AND c.id = CASE WHEN e.subject_type = 'camp' THEN e.subject_id ELSE insights_campaign(e.payload) END
             LEFT JOIN members m ON m.org_id = $1 AND e.actor LIKE 'user:%' AND m.user_id::text = substr(e.actor, 6)
             ORDER BY e.seq DESC",
            &[&tx.org(), &FEED],
        )
        .await?;
    rows.iter()
        .map(|row| {
            let (id, name): (Option<CampaignId>, Option<String>) = (row.try_get(5)?, row.try_get(6)?);
            Ok(Happening {
                kind: row.try_get(0)?,
                subject: row.try_get(1)?,
                at: row.try_get(2)?,
                payload: row.try_get(3)?,
                lead: row.try_get(4)?,
                campaign: id.zip(name),
                who: row.try_get(7)?,
            })
        })
        .collect()
}
