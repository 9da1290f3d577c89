//! Sums over the counters: bounded by days, campaigns and steps, never by leads or mails.

use std::collections::BTreeMap;

use db::{DbError, TenantTx};
use jiff::civil::Date;
use kernel::CampaignId;
use leads::Status;

use crate::model::{CampaignCounts, Counts, Day, Period, Reached, StatusCount, StepCounts};

const NIL: &str = "'00000000-0000-0000-0000-000000000000'::uuid";

/// What happened in a period, and what happened in the one before it.
pub(crate) async fn totals(tx: &TenantTx, period: Period) -> Result<(Counts, Counts), DbError> {
    let rows = tx
        .query(
            "SELECT metric, coalesce(sum(value) FILTER (WHERE day >= $3), 0)::bigint, coalesce(sum(value) FILTER (WHERE day < $3), 0)::bigint
             FROM insights_daily WHERE org_id = $1 AND day BETWEEN $2 AND $4 GROUP BY metric",
            &[&tx.org(), &period.before().from, &period.from, &period.to],
        )
        .await?;
    let (mut now, mut before) = (Counts::default(), Counts::default());
    for row in rows {
        let metric: &str = row.try_get(0)?;
        now.add(metric, row.try_get(1)?);
        before.add(metric, row.try_get(2)?);
    }
    Ok((now, before))
}

/// How far the leads created in the period have come by now.
pub(crate) async fn funnel(tx: &TenantTx, period: Period) -> Result<Vec<Reached>, DbError> {
    let rows = tx
        .query(
            "SELECT metric, sum(value)::bigint FROM insights_daily
             WHERE org_id = $1 AND day BETWEEN $2 AND $3 AND (metric = 'leads_created' OR metric LIKE 'reached:%') GROUP BY metric",
            &[&tx.org(), &period.from, &period.to],
        )
        .await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        found.insert(row.try_get::<_, String>(0)?, row.try_get::<_, i64>(1)?);
    }
    let stages = [
        ("created", "leads_created"),
        ("contacted", "reached:contacted"),
        ("opened", "reached:opened"),
        ("replied", "reached:replied"),
        ("converted", "reached:converted"),
    ];
    Ok(stages.into_iter().map(|(stage, metric)| Reached { stage, leads: found.get(metric).copied().unwrap_or_default() }).collect())
}

/// How many leads have each status now.
pub(crate) async fn statuses(tx: &TenantTx) -> Result<Vec<StatusCount>, DbError> {
    let rows = tx
        .query("SELECT metric, value FROM insights_daily WHERE org_id = $1 AND day = 'epoch' AND metric LIKE 'status:%'", &[&tx.org()])
        .await?;
    let mut found = BTreeMap::new();
    for row in &rows {
        found.insert(row.try_get::<_, String>(0)?, row.try_get::<_, i64>(1)?);
    }
    let count = |status: Status| StatusCount { status, leads: found.get(&format!("status:{status}")).copied().unwrap_or_default() };
    Ok(Status::ALL.into_iter().map(count).collect())
}

/// Each day of the period, the oldest first; of one campaign, or of everything.
pub(crate) async fn daily(tx: &TenantTx, period: Period, campaign: Option<CampaignId>) -> Result<Vec<Day>, DbError> {
    let rows = match campaign {
        None => {
            let sql = "SELECT day, metric, sum(value)::bigint FROM insights_daily
                       WHERE org_id = $1 AND day BETWEEN $2 AND $3 GROUP BY day, metric";
            tx.query(sql, &[&tx.org(), &period.from, &period.to]).await?
        }
        Some(campaign) => {
            let sql = "SELECT day, metric, sum(value)::bigint FROM insights_daily
                       WHERE org_id = $1 AND campaign_id = $4 AND day BETWEEN $2 AND $3 GROUP BY day, metric";
            tx.query(sql, &[&tx.org(), &period.from, &period.to, &campaign]).await?
        }
    };
    let mut days: BTreeMap<Date, Counts> = period.dates().map(|day| (day, Counts::default())).collect();
    for row in rows {
        days.entry(row.try_get(0)?).or_default().add(row.try_get(1)?, row.try_get(2)?);
    }
    Ok(days.into_iter().map(|(day, counts)| Day { day, counts }).collect())
}

/// The campaigns of the period with the most mail, at most `limit`.
pub(crate) async fn campaigns(tx: &TenantTx, period: Period, limit: i64) -> Result<Vec<CampaignCounts>, DbError> {
    let rows = tx
        .query(
            &format!(
                "WITH counted AS (
                   SELECT campaign_id, metric, sum(value)::bigint AS value FROM insights_daily
                   WHERE org_id = $1 AND day BETWEEN $2 AND $3 AND campaign_id <> {NIL} GROUP BY 1, 2),
                 chosen AS (
                   SELECT campaign_id, coalesce(sum(value) FILTER (WHERE metric = 'sent'), 0) AS sent FROM counted
                   GROUP BY 1 ORDER BY sent DESC, campaign_id DESC LIMIT $4)
                 SELECT h.campaign_id, coalesce(c.name, ''), coalesce(c.status, 'deleted'), n.metric, n.value
                 FROM chosen h JOIN counted n ON n.campaign_id = h.campaign_id
                 LEFT JOIN campaigns c ON c.org_id = $1 AND c.id = h.campaign_id
                 ORDER BY h.sent DESC, h.campaign_id DESC"
            ),
            &[&tx.org(), &period.from, &period.to, &limit],
        )
        .await?;
    let mut campaigns: Vec<CampaignCounts> = Vec::new();
    for row in rows {
        let id: CampaignId = row.try_get(0)?;
        if campaigns.last().is_none_or(|last| last.id != id) {
            campaigns.push(CampaignCounts { id, name: row.try_get(1)?, status: row.try_get(2)?, counts: Counts::default() });
        }
        if let Some(last) = campaigns.last_mut() {
            last.counts.add(row.try_get(3)?, row.try_get(4)?);
        }
    }
    Ok(campaigns)
}

/// One campaign over all time, and each of its steps; `None` when there is no such campaign.
pub(crate) async fn campaign(tx: &TenantTx, id: CampaignId) -> Result<Option<(CampaignCounts, Vec<StepCounts>)>, DbError> {
    let Some(row) = tx.query_opt("SELECT name, status FROM campaigns WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await? else {
        return Ok(None);
    };
    let mut all = CampaignCounts { id, name: row.try_get(0)?, status: row.try_get(1)?, counts: Counts::default() };
    let mut steps: BTreeMap<i32, StepCounts> = BTreeMap::new();
    let sql = "SELECT position::int, subject FROM campaign_steps WHERE org_id = $1 AND campaign_id = $2";
    for row in tx.query(sql, &[&tx.org(), &id]).await? {
        let step_no = row.try_get(0)?;
        steps.insert(step_no, StepCounts { step_no, subject: row.try_get(1)?, counts: Counts::default() });
    }
    let sql = "SELECT step_no, metric, sum(value)::bigint FROM insights_daily WHERE org_id = $1 AND campaign_id = $2 GROUP BY 1, 2";
    for row in tx.query(sql, &[&tx.org(), &id]).await? {
        let (step_no, metric, value): (i32, &str, i64) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        all.counts.add(metric, value);
        if metric == "enrolled" {
            continue; // leads enter the campaign, not a step
        }
        let step = steps.entry(step_no).or_insert_with(|| StepCounts { step_no, subject: String::new(), counts: Counts::default() });
        step.counts.add(metric, value);
    }
    Ok(Some((all, steps.into_values().collect())))
}
