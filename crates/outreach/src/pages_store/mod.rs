//! What only the screens read. Every statement is bounded or reads one page.

use std::collections::HashMap;

use db::{DbError, Row, TenantTx};
use jiff::Timestamp;
use kernel::{CampaignId, LeadId};
use leads::Params;
use segments::Population;

use crate::model::StopReason;

/// How far a screen counts.
pub(crate) const COUNTED_TO: i64 = 10_000;

/// How many leads an audience finds, as far as was counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct AudienceCount {
    pub(crate) found: i64,
    /// Of these, how many have an address.
    pub(crate) with_address: i64,
    /// `false`: at least this many.
    pub(crate) exact: bool,
}

/// Counts to [`COUNTED_TO`]: a number on a form must not read a million rows.
pub(crate) async fn audience(tx: &TenantTx, who: &Population, now: Timestamp) -> Result<AudienceCount, DbError> {
    let mut params = Params::default();
    let org = params.push(tx.org());
    let who = who.to_sql(&mut params, now);
    let sql = format!(
        "SELECT count(*), count(t.email) FROM (SELECT l.email FROM leads l WHERE l.org_id = {org} AND {who} LIMIT {}) t",
        COUNTED_TO + 1
    );
    let row = tx.query_one(&sql, &params.refs()).await?;
    let (found, with_address): (i64, i64) = (row.try_get(0)?, row.try_get(1)?);
    Ok(AudienceCount { found: found.min(COUNTED_TO), with_address: with_address.min(COUNTED_TO), exact: found <= COUNTED_TO })
}

/// The lead of an audience that a preview shows first: one with an address, else any.
pub(crate) async fn first_of_audience(tx: &TenantTx, who: &Population, now: Timestamp) -> Result<Option<LeadId>, DbError> {
    let mut params = Params::default();
    let org = params.push(tx.org());
    let who = who.to_sql(&mut params, now);
    let sql = format!(
        "SELECT t.id FROM (SELECT l.id, l.email FROM leads l WHERE l.org_id = {org} AND {who} ORDER BY l.score DESC, l.id DESC LIMIT 100) t
         ORDER BY t.email IS NULL LIMIT 1"
    );
    Ok(tx.query_opt(&sql, &params.refs()).await?.map(|row| row.try_get(0)).transpose()?)
}

/// How many leads of each campaign unsubscribed.
pub(crate) async fn unsubscribed(tx: &TenantTx, campaigns: &[CampaignId]) -> Result<HashMap<CampaignId, i64>, DbError> {
    let rows = tx
        .query(
            "SELECT campaign_id, count(*) FROM enrollments
             WHERE org_id = $1 AND campaign_id = ANY($2) AND reason = 'unsubscribed' GROUP BY campaign_id",
            &[&tx.org(), &campaigns],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// How many replied and unsubscribed after each step: the last one that had reached them.
pub(crate) async fn endings(tx: &TenantTx, campaign: CampaignId) -> Result<HashMap<i16, (i64, i64)>, DbError> {
    let rows = tx
        .query(
            "SELECT last.step_no, count(*) FILTER (WHERE e.reason = 'replied'), count(*) FILTER (WHERE e.reason = 'unsubscribed')
             FROM enrollments e
             CROSS JOIN LATERAL (SELECT max(s.step_no) AS step_no FROM sends s
               WHERE s.org_id = e.org_id AND s.campaign_id = e.campaign_id AND s.lead_id = e.lead_id AND s.state = 'sent') last
             WHERE e.org_id = $1 AND e.campaign_id = $2 AND e.reason IN ('replied', 'unsubscribed') AND last.step_no IS NOT NULL
             GROUP BY last.step_no",
            &[&tx.org(), &campaign],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, (row.try_get(1)?, row.try_get(2)?)))).collect()
}

/// A lead on its way through a campaign.
#[derive(Debug, Clone)]
pub(crate) struct PersonRow {
    pub(crate) lead: LeadId,
    pub(crate) name: String,
    pub(crate) email: Option<String>,
    /// `active`, `finished` or `stopped`.
    pub(crate) state: String,
    pub(crate) reason: Option<StopReason>,
    /// The step that comes next, and when; `None`: it is being decided.
    pub(crate) step: i16,
    pub(crate) next_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
}

fn person(row: &Row) -> Result<PersonRow, DbError> {
    let name: String = row.try_get("name")?;
    let email: Option<String> = row.try_get("email")?;
    Ok(PersonRow {
        lead: row.try_get("lead_id")?,
        name: if name.is_empty() { email.clone().unwrap_or_else(|| "Unnamed lead".to_owned()) } else { name },
        email,
        state: row.try_get("state")?,
        reason: row.try_get::<_, String>("reason")?.parse().ok(),
        step: row.try_get("step")?,
        next_at: row.try_get("next_at")?,
        ended_at: row.try_get("ended_at")?,
    })
}

/// The leads of a campaign, in the order of their ids; `state` and `reason` narrow it, empty means all.
pub(crate) async fn people(
    tx: &TenantTx,
    campaign: CampaignId,
    state: &str,
    reason: &str,
    after: Option<LeadId>,
    limit: i64,
) -> Result<Vec<PersonRow>, DbError> {
    let rows = tx
        .query(
            "SELECT e.lead_id, trim(l.first_name || ' ' || l.last_name) AS name, l.email, e.state, e.reason, e.step, e.next_at, e.ended_at
             FROM enrollments e JOIN leads l ON l.org_id = e.org_id AND l.id = e.lead_id
             WHERE e.org_id = $1 AND e.campaign_id = $2 AND ($3 = '' OR e.state = $3) AND ($4 = '' OR e.reason = $4)
               AND ($5::uuid IS NULL OR e.lead_id > $5)
             ORDER BY e.lead_id LIMIT $6",
            &[&tx.org(), &campaign, &state, &reason, &after, &limit],
        )
        .await?;
    rows.iter().map(person).collect()
}
