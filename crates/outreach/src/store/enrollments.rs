use db::{DbError, TenantTx};
use jiff::{SignedDuration, Timestamp};
use kernel::{CampaignId, LeadId};
use leads::Params;
use segments::Population;

use crate::model::{EnrollmentCounts, StopReason};

/// Whom a launch reaches: `l` is a lead, `$org` its organisation.
fn reachable(org: &str) -> String {
    format!(
        "l.email IS NOT NULL AND l.status <> 'unsubscribed'
         AND NOT EXISTS (SELECT FROM suppressions x WHERE x.org_id = {org} AND x.email = l.email)"
    )
}

/// How many leads an audience finds, and why some of them would get nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Audience {
    pub(crate) found: i64,
    pub(crate) without_address: i64,
    pub(crate) reachable: i64,
}

pub(crate) async fn audience(tx: &TenantTx, who: &Population, now: Timestamp) -> Result<Audience, DbError> {
    let mut params = Params::default();
    let org = params.push(tx.org());
    let (who, reachable) = (who.to_sql(&mut params, now), reachable(&org));
    let sql = format!(
        "SELECT count(*) AS found, count(*) FILTER (WHERE l.email IS NULL) AS without_address, count(*) FILTER (WHERE {reachable}) AS reachable
         FROM leads l WHERE l.org_id = {org} AND {who}"
    );
    let row = tx.query_one(&sql, &params.refs()).await?;
    Ok(Audience { found: row.try_get("found")?, without_address: row.try_get("without_address")?, reachable: row.try_get("reachable")? })
}

/// One kind of recipient: which of the asked columns are empty, how many are like that, and some of them.
pub(crate) struct Pattern {
    pub(crate) leads: i64,
    pub(crate) examples: Vec<LeadId>,
}

/// Groups the reachable audience by which of `columns` (SQL over `l`, our own) are empty. Whether a mail
/// has a gap depends on that, so one rendering for each group judges a million leads.
pub(crate) async fn patterns(tx: &TenantTx, who: &Population, columns: &[Emptiness], now: Timestamp) -> Result<Vec<Pattern>, DbError> {
    let mut params = Params::default();
    let org = params.push(tx.org());
    let (who, reachable) = (who.to_sql(&mut params, now), reachable(&org));
    let columns: Vec<String> = columns.iter().map(|column| column.to_sql(&mut params)).collect();
    let group = if columns.is_empty() { "'{}'::boolean[]".to_owned() } else { format!("ARRAY[{}]", columns.join(", ")) };
    let sql = format!(
        "SELECT count(*) AS leads, (array_agg(l.id ORDER BY l.id))[1:3] AS examples
         FROM leads l WHERE l.org_id = {org} AND {reachable} AND {who} GROUP BY {group} ORDER BY 1 DESC LIMIT 500"
    );
    let rows = tx.query(&sql, &params.refs()).await?;
    rows.iter().map(|row| Ok(Pattern { leads: row.try_get("leads")?, examples: row.try_get("examples")? })).collect()
}

/// Something of a lead that a mail prints and that may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Emptiness {
    /// A column of text or number.
    Column(&'static str),
    /// A custom field.
    Custom(String),
}

impl Emptiness {
    fn to_sql(&self, params: &mut Params) -> String {
        match self {
            Self::Column(column) => format!("coalesce(l.{column}::text, '') = ''"),
            Self::Custom(key) => format!("coalesce(l.custom ->> {}::text, '') = ''", params.push(key.clone())),
        }
    }
}

/// Freezes the audience: everyone reachable who is meant now enters at the first step.
pub(crate) async fn enroll(
    tx: &TenantTx,
    campaign: CampaignId,
    who: &Population,
    first_delay: SignedDuration,
    now: Timestamp,
) -> Result<u64, DbError> {
    let mut params = Params::default();
    let org = params.push(tx.org());
    let (who, reachable) = (who.to_sql(&mut params, now), reachable(&org));
    let (campaign, at) = (params.push(campaign), params.push(now));
    let first = params.push(now.checked_add(first_delay).unwrap_or(Timestamp::MAX));
    let sql = format!(
        "INSERT INTO enrollments (org_id, campaign_id, lead_id, step, next_at, entered_as, enrolled_at)
         SELECT l.org_id, {campaign}::uuid, l.id, 1, {first}::timestamptz, l.status, {at}::timestamptz
         FROM leads l WHERE l.org_id = {org} AND {reachable} AND {who} ORDER BY l.id
         ON CONFLICT (org_id, campaign_id, lead_id) DO NOTHING"
    );
    tx.execute(&sql, &params.refs()).await
}

/// Those of `leads` whom a mail may reach and who were never in the campaign, by kind: leads are of one kind when the same of
/// `columns` are empty.
pub(crate) async fn kinds(
    tx: &TenantTx,
    campaign: CampaignId,
    leads: &[LeadId],
    columns: &[Emptiness],
) -> Result<Vec<Vec<LeadId>>, DbError> {
    let mut params = Params::default();
    let org = params.push(tx.org());
    let (campaign, leads, reachable) = (params.push(campaign), params.push(leads.to_vec()), reachable(&org));
    let columns: Vec<String> = columns.iter().map(|column| column.to_sql(&mut params)).collect();
    let group = if columns.is_empty() { "'{}'::boolean[]".to_owned() } else { format!("ARRAY[{}]", columns.join(", ")) };
    let sql = format!(
        "SELECT array_agg(l.id ORDER BY l.id) FROM leads l
         WHERE l.org_id = {org} AND l.id = ANY({leads}::uuid[]) AND {reachable}
           AND NOT EXISTS (SELECT FROM enrollments e WHERE e.org_id = {org} AND e.campaign_id = {campaign}::uuid AND e.lead_id = l.id)
         GROUP BY {group}"
    );
    tx.query(&sql, &params.refs()).await?.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// These leads enter at the first step; whoever is or was in the campaign stays where they are.
pub(crate) async fn enroll_these(
    tx: &TenantTx,
    campaign: CampaignId,
    leads: &[LeadId],
    first_delay: SignedDuration,
    now: Timestamp,
) -> Result<u64, DbError> {
    let first = now.checked_add(first_delay).unwrap_or(Timestamp::MAX);
    tx.execute(
        "INSERT INTO enrollments (org_id, campaign_id, lead_id, step, next_at, entered_as, enrolled_at)
         SELECT l.org_id, $2, l.id, 1, $4, l.status, $5 FROM leads l WHERE l.org_id = $1 AND l.id = ANY($3) ORDER BY l.id
         ON CONFLICT (org_id, campaign_id, lead_id) DO NOTHING",
        &[&tx.org(), &campaign, &leads, &first, &now],
    )
    .await
}

/// Whether the lead is still on its way; nothing if it never was in the campaign.
pub(crate) async fn is_active(tx: &TenantTx, campaign: CampaignId, lead: LeadId) -> Result<Option<bool>, DbError> {
    let row = tx
        .query_opt(
            "SELECT state = 'active' FROM enrollments WHERE org_id = $1 AND campaign_id = $2 AND lead_id = $3 FOR UPDATE",
            &[&tx.org(), &campaign, &lead],
        )
        .await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// Ends sequences, of one campaign or of all. `next_at` stays, so that it can be taken back.
pub(crate) async fn stop(
    tx: &TenantTx,
    campaign: Option<CampaignId>,
    leads: &[LeadId],
    why: StopReason,
    now: Timestamp,
) -> Result<u64, DbError> {
    tx.execute(
        "UPDATE enrollments SET state = 'stopped', reason = $4, ended_at = $5
         WHERE org_id = $1 AND lead_id = ANY($2) AND ($3::uuid IS NULL OR campaign_id = $3) AND state = 'active'",
        &[&tx.org(), &leads, &campaign, &why.as_str(), &now],
    )
    .await
}

/// Takes back stops for `why` of one lead in campaigns that go on; returns those campaigns.
pub(crate) async fn restart(tx: &TenantTx, lead: LeadId, why: StopReason) -> Result<Vec<CampaignId>, DbError> {
    let rows = tx
        .query(
            "UPDATE enrollments e SET state = 'active', reason = '', ended_at = NULL
             FROM campaigns c
             WHERE e.org_id = $1 AND e.lead_id = $2 AND e.state = 'stopped' AND e.reason = $3
               AND c.org_id = e.org_id AND c.id = e.campaign_id AND c.status IN ('running', 'paused')
               -- Not where the last step has gone out already.
               AND NOT EXISTS (SELECT FROM sends s WHERE s.org_id = e.org_id AND s.campaign_id = e.campaign_id AND s.lead_id = e.lead_id
                 AND s.step_no = e.step AND s.state = 'sent')
             RETURNING e.campaign_id",
            &[&tx.org(), &lead, &why.as_str()],
        )
        .await?;
    tx.execute(
        "UPDATE sends s SET state = 'planned', reason = '', last_error = '', batch_id = NULL
         FROM enrollments e
         WHERE s.org_id = $1 AND s.lead_id = $2 AND s.state = 'suppressed' AND s.reason = $3
           AND e.org_id = s.org_id AND e.campaign_id = s.campaign_id AND e.lead_id = s.lead_id AND e.state = 'active' AND e.step = s.step_no",
        &[&tx.org(), &lead, &why.as_str()],
    )
    .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// How many leads of a campaign are where.
pub async fn counts(tx: &TenantTx, campaign: CampaignId) -> Result<EnrollmentCounts, DbError> {
    let rows = tx
        .query(
            "SELECT state, reason, count(*) FROM enrollments WHERE org_id = $1 AND campaign_id = $2 GROUP BY state, reason ORDER BY 3 DESC",
            &[&tx.org(), &campaign],
        )
        .await?;
    let mut counts = EnrollmentCounts::default();
    for row in rows {
        let (state, reason, n): (String, String, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        match state.as_str() {
            "active" => counts.active += n,
            "finished" => counts.finished += n,
            _ => {
                counts.stopped += n;
                if let Ok(reason) = reason.parse() {
                    counts.reasons.push((reason, n));
                }
            }
        }
    }
    Ok(counts)
}
