//! Every SQL statement of the slice, except the projection's.

use db::{DbError, Json, Row, TenantTx};
use events::{NewEvent, Subject};
use jiff::Timestamp;
use kernel::{Actor, LeadId, UserId, Uuid};
use serde::Serialize;
use utoipa::ToSchema;

use crate::model::{Engagement, Facts, Reason, Score, Weights};

/// The model in force.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Model {
    /// Counts the changes; 0 are the defaults that nobody has changed yet.
    pub version: i32,
    /// How the score is made: `points`.
    pub kind: &'static str,
    pub weights: Weights,
    pub updated_at: Option<Timestamp>,
    pub updated_by: Option<UserId>,
}

/// The organisation's model; the defaults where it has none of its own.
pub(crate) async fn model(tx: &TenantTx) -> Result<Model, DbError> {
    let row = tx
        .query_opt(
            "SELECT version, weights, updated_at, updated_by FROM scoring_models WHERE org_id = $1 ORDER BY version DESC LIMIT 1",
            &[&tx.org()],
        )
        .await?;
    let Some(row) = row else {
        return Ok(Model { version: 0, kind: "points", weights: Weights::default(), updated_at: None, updated_by: None });
    };
    let Json(weights) = row.try_get(1)?;
    Ok(Model { version: row.try_get(0)?, kind: "points", weights, updated_at: row.try_get(2)?, updated_by: row.try_get(3)? })
}

/// Stores the next version; a unique violation means that somebody else just did.
pub(crate) async fn insert_model(tx: &TenantTx, version: i32, weights: &Weights, at: Timestamp, by: UserId) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO scoring_models (org_id, version, weights, updated_at, updated_by) VALUES ($1, $2, $3, $4, $5)",
        &[&tx.org(), &version, &Json(weights), &at, &by],
    )
    .await?;
    Ok(())
}

/// Waits until nobody else scores leads of this organisation; held to the end of the transaction.
/// Reading facts after it and writing scores before commit makes the two one step.
pub(crate) async fn lock_scoring(tx: &TenantTx) -> Result<(), DbError> {
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('scoring:' || $1::uuid::text, 0))", &[&tx.org()]).await?;
    Ok(())
}

/// Whether this transaction is the one that scores leads of this organisation now.
pub(crate) async fn try_lock_scoring(tx: &TenantTx) -> Result<bool, DbError> {
    let row = tx.query_one("SELECT pg_try_advisory_xact_lock(hashtextextended('scoring:' || $1::uuid::text, 0))", &[&tx.org()]).await?;
    Ok(row.try_get(0)?)
}

/// A lead as scoring sees it.
pub(crate) struct ScoredLead {
    pub id: LeadId,
    pub name: String,
    pub company: String,
    email: Option<String>,
    has_phone: bool,
    has_linkedin: bool,
    seniority: String,
    title: String,
    pub department: String,
    employee_count: Option<i32>,
    annual_revenue: Option<i64>,
    pub industry: String,
    pub country: String,
    engagement: Engagement,
    /// As stored.
    pub now: Score,
}

const LEAD: &str = "l.id, btrim(l.first_name || ' ' || l.last_name), l.company_name, l.email, l.phone <> '', l.linkedin_url <> '',
    l.seniority, l.title, l.department, l.employee_count, l.annual_revenue, l.industry, l.country, l.score, l.score_reasons,
    coalesce(e.opens, 0), coalesce(e.clicks, 0), coalesce(e.replies, 0), coalesce(e.bounces, 0), coalesce(e.complaints, 0), coalesce(e.unsubscribes, 0)
    FROM leads l LEFT JOIN intelligence_engagement e ON e.org_id = l.org_id AND e.lead_id = l.id";

impl ScoredLead {
    fn read(row: &Row) -> Result<Self, DbError> {
        let Json(reasons): Json<Vec<Reason>> = row.try_get(14)?;
        Ok(Self {
            id: row.try_get(0)?,
            name: row.try_get(1)?,
            company: row.try_get(2)?,
            email: row.try_get(3)?,
            has_phone: row.try_get(4)?,
            has_linkedin: row.try_get(5)?,
            seniority: row.try_get(6)?,
            title: row.try_get(7)?,
            department: row.try_get(8)?,
            employee_count: row.try_get(9)?,
            annual_revenue: row.try_get(10)?,
            industry: row.try_get(11)?,
            country: row.try_get(12)?,
            now: Score { score: row.try_get(13)?, reasons },
            engagement: Engagement {
                opens: row.try_get(15)?,
                clicks: row.try_get(16)?,
                replies: row.try_get(17)?,
                bounces: row.try_get(18)?,
                complaints: row.try_get(19)?,
                unsubscribes: row.try_get(20)?,
            },
        })
    }

    /// What the model judges.
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            email: self.email.as_deref(),
            has_phone: self.has_phone,
            has_linkedin: self.has_linkedin,
            seniority: &self.seniority,
            title: &self.title,
            department: &self.department,
            employee_count: self.employee_count,
            annual_revenue: self.annual_revenue,
            industry: &self.industry,
            country: &self.country,
            engagement: self.engagement,
        }
    }

    /// Whether it has been scored before: a scored lead has at least one reason.
    pub(crate) fn is_scored(&self) -> bool {
        !self.now.reasons.is_empty()
    }
}

/// The next leads after `after`, in the order of their ids.
pub(crate) async fn leads_after(tx: &TenantTx, after: Uuid, limit: i64) -> Result<Vec<ScoredLead>, DbError> {
    let sql = format!("SELECT {LEAD} WHERE l.org_id = $1 AND l.id > $2 ORDER BY l.id LIMIT $3");
    tx.query(&sql, &[&tx.org(), &after, &limit]).await?.iter().map(ScoredLead::read).collect()
}

/// The newest leads.
pub(crate) async fn newest_leads(tx: &TenantTx, limit: i64) -> Result<Vec<ScoredLead>, DbError> {
    let sql = format!("SELECT {LEAD} WHERE l.org_id = $1 ORDER BY l.id DESC LIMIT $2");
    tx.query(&sql, &[&tx.org(), &limit]).await?.iter().map(ScoredLead::read).collect()
}

/// The leads with these ids, as far as they exist.
pub(crate) async fn leads_by_id(tx: &TenantTx, ids: &[Uuid]) -> Result<Vec<ScoredLead>, DbError> {
    let sql = format!("SELECT {LEAD} WHERE l.org_id = $1 AND l.id = ANY($2)");
    tx.query(&sql, &[&tx.org(), &ids]).await?.iter().map(ScoredLead::read).collect()
}

/// How many leads there are: for a job's progress, never for a page.
pub(crate) async fn count_leads(tx: &TenantTx) -> Result<i64, DbError> {
    Ok(tx.query_one("SELECT count(*) FROM leads WHERE org_id = $1", &[&tx.org()]).await?.try_get(0)?)
}

/// A new score for a lead.
pub(crate) struct NewScore {
    pub lead: LeadId,
    pub score: Score,
    /// The score before, where the change is worth an event.
    pub notable_from: Option<i32>,
}

/// Says once that many leads have another score, so that open lists look again.
pub(crate) async fn tell_rescored(tx: &TenantTx, count: usize, at: Timestamp) -> Result<(), DbError> {
    let payload = serde_json::json!({ "leads": count });
    events::append(tx, &[NewEvent { kind: "lead.rescored", subject: Subject::of(tx.org()), actor: Actor::System, at, payload }]).await
}

/// Writes the scores and the events of the notable ones. Locks the leads in the order of their ids, as
/// everybody does who writes many, so that two writers wait for each other and not both for ever.
pub(crate) async fn write_scores(tx: &TenantTx, scores: &[NewScore], at: Timestamp) -> Result<(), DbError> {
    if scores.is_empty() {
        return Ok(());
    }
    let ids: Vec<LeadId> = scores.iter().map(|new| new.lead).collect();
    let values: Vec<i32> = scores.iter().map(|new| new.score.score).collect();
    let reasons: Vec<Json<&[Reason]>> = scores.iter().map(|new| Json(new.score.reasons.as_slice())).collect();
    let before: Vec<Option<i32>> = scores.iter().map(|new| new.notable_from).collect();
    tx.execute(
        "WITH new AS (SELECT * FROM unnest($2::uuid[], $3::int[], $4::jsonb[], $5::int[]) AS s (id, score, reasons, before)),
         locked AS (SELECT id FROM leads WHERE org_id = $1 AND id = ANY($2) ORDER BY id FOR NO KEY UPDATE),
         written AS (
           UPDATE leads l SET score = new.score, score_reasons = new.reasons FROM locked JOIN new USING (id)
           WHERE l.org_id = $1 AND l.id = locked.id RETURNING l.id, new.score, new.before)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'lead.scored', 'lead', id, 'system', $6, jsonb_build_object('score', score, 'previous', before)
         FROM written WHERE before IS NOT NULL",
        &[&tx.org(), &ids, &values, &reasons, &before, &at],
    )
    .await?;
    Ok(())
}

/// Organisations with leads that wait for a score: a jump through the index from each to the next,
/// because one of them may have a million waiting.
pub(crate) const WAITING_ORGS: &str = "WITH RECURSIVE o AS (
       (SELECT org_id FROM intelligence_pending ORDER BY org_id LIMIT 1)
       UNION ALL
       SELECT (SELECT p.org_id FROM intelligence_pending p WHERE p.org_id > o.org_id ORDER BY p.org_id LIMIT 1) FROM o WHERE o.org_id IS NOT NULL)
     SELECT org_id FROM o WHERE org_id IS NOT NULL";

/// Takes up to `limit` waiting leads off the list, except those that are being put on it right now.
pub(crate) async fn take_pending(tx: &TenantTx, limit: i64) -> Result<Vec<Uuid>, DbError> {
    let rows = tx
        .query(
            "DELETE FROM intelligence_pending p USING (
               SELECT lead_id FROM intelligence_pending WHERE org_id = $1 LIMIT $2 FOR UPDATE SKIP LOCKED) t
             WHERE p.org_id = $1 AND p.lead_id = t.lead_id RETURNING p.lead_id",
            &[&tx.org(), &limit],
        )
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
