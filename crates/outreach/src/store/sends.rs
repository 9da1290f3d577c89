use db::{DbError, Row, TenantTx};
use kernel::{CampaignId, SendId};

use crate::model::{LedgerCounts, LedgerFilter, SendRow, SendState, StepNumbers};

const COLUMNS: &str = "s.id, s.lead_id, coalesce(trim(l.first_name || ' ' || l.last_name), '') AS lead_name,
    coalesce(nullif(s.email, ''), l.email, '') AS email, s.step_id, s.step_no, s.state, s.reason, s.last_error, s.attempts, s.subject,
    s.message_id, s.provider_id, s.planned_at, s.sent_at, s.delivered_at, s.opened_at, s.clicked_at, s.bounced_at,
    s.opens, s.clicks, s.machine_opens, s.machine_clicks";

fn send(row: &Row) -> Result<SendRow, DbError> {
    Ok(SendRow {
        id: row.try_get("id")?,
        lead_id: row.try_get("lead_id")?,
        lead_name: row.try_get("lead_name")?,
        email: row.try_get("email")?,
        step_id: row.try_get("step_id")?,
        step: row.try_get("step_no")?,
        state: row.try_get("state")?,
        reason: row.try_get("reason")?,
        detail: row.try_get("last_error")?,
        attempts: row.try_get("attempts")?,
        subject: row.try_get("subject")?,
        message_id: row.try_get("message_id")?,
        provider_id: row.try_get("provider_id")?,
        planned_at: row.try_get("planned_at")?,
        sent_at: row.try_get("sent_at")?,
        delivered_at: row.try_get("delivered_at")?,
        opened_at: row.try_get("opened_at")?,
        clicked_at: row.try_get("clicked_at")?,
        bounced_at: row.try_get("bounced_at")?,
        opens: row.try_get("opens")?,
        clicks: row.try_get("clicks")?,
        machine_opens: row.try_get("machine_opens")?,
        machine_clicks: row.try_get("machine_clicks")?,
    })
}

/// A campaign's ledger, newest first; `before` is the id of the last row of the previous page.
pub async fn list(
    tx: &TenantTx,
    campaign: CampaignId,
    filter: LedgerFilter,
    before: Option<SendId>,
    limit: i64,
) -> Result<Vec<SendRow>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sends s LEFT JOIN leads l ON l.org_id = s.org_id AND l.id = s.lead_id
         WHERE s.org_id = $1 AND s.campaign_id = $2 AND ($3::text IS NULL OR s.state = $3) AND ($4::smallint IS NULL OR s.step_no = $4)
           AND ($5::uuid IS NULL OR s.id < $5)
         ORDER BY s.id DESC LIMIT $6"
    );
    let state = filter.state.map(SendState::as_str);
    tx.query(&sql, &[&tx.org(), &campaign, &state, &filter.step, &before, &limit]).await?.iter().map(send).collect()
}

/// One row of the ledger.
pub async fn find(tx: &TenantTx, id: SendId) -> Result<Option<SendRow>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM sends s LEFT JOIN leads l ON l.org_id = s.org_id AND l.id = s.lead_id WHERE s.org_id = $1 AND s.id = $2"
    );
    tx.query_opt(&sql, &[&tx.org(), &id]).await?.as_ref().map(send).transpose()
}

/// Each step in numbers; steps without a row in the ledger are zero.
pub async fn numbers(tx: &TenantTx, campaign: CampaignId) -> Result<Vec<StepNumbers>, DbError> {
    let rows = tx
        .query(
            "SELECT p.position,
               count(*) FILTER (WHERE s.state = 'planned') AS planned, count(*) FILTER (WHERE s.state = 'claimed') AS claimed,
               count(*) FILTER (WHERE s.state = 'sent') AS sent, count(*) FILTER (WHERE s.state = 'failed') AS failed,
               count(*) FILTER (WHERE s.state = 'suppressed') AS suppressed, count(*) FILTER (WHERE s.state = 'unknown') AS unknown,
               count(s.delivered_at) AS delivered, count(s.opened_at) AS opened, count(s.clicked_at) AS clicked,
               count(*) FILTER (WHERE s.opened_at IS NULL AND s.machine_opens > 0) AS machine_opened,
               count(s.bounced_at) AS bounced, count(s.complained_at) AS complained
             FROM campaign_steps p LEFT JOIN sends s ON s.org_id = p.org_id AND s.campaign_id = p.campaign_id AND s.step_id = p.id
             WHERE p.org_id = $1 AND p.campaign_id = $2 GROUP BY p.position ORDER BY p.position",
            &[&tx.org(), &campaign],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(StepNumbers {
                step: row.try_get("position")?,
                ledger: LedgerCounts {
                    planned: row.try_get("planned")?,
                    claimed: row.try_get("claimed")?,
                    sent: row.try_get("sent")?,
                    failed: row.try_get("failed")?,
                    suppressed: row.try_get("suppressed")?,
                    unknown: row.try_get("unknown")?,
                },
                delivered: row.try_get("delivered")?,
                opened: row.try_get("opened")?,
                clicked: row.try_get("clicked")?,
                machine_opened: row.try_get("machine_opened")?,
                bounced: row.try_get("bounced")?,
                complained: row.try_get("complained")?,
            })
        })
        .collect()
}

/// What the newest mails of a campaign did to the sender's name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Harm {
    pub(crate) sent: i64,
    pub(crate) bounced: i64,
    pub(crate) complained: i64,
}

/// Looks at the newest `limit` mails that reached a provider, and those it refused for their recipient.
pub(crate) async fn recent_harm(tx: &TenantTx, campaign: CampaignId, limit: i64) -> Result<Harm, DbError> {
    let row = tx
        .query_one(
            "SELECT count(*), count(*) FILTER (WHERE bounced_at IS NOT NULL OR reason = 'bounced'), count(complained_at)
             FROM (SELECT bounced_at, complained_at, reason FROM sends
                   WHERE org_id = $1 AND campaign_id = $2 AND (state = 'sent' OR (state = 'failed' AND reason = 'bounced'))
                   ORDER BY id DESC LIMIT $3) newest",
            &[&tx.org(), &campaign, &limit],
        )
        .await?;
    Ok(Harm { sent: row.try_get(0)?, bounced: row.try_get(1)?, complained: row.try_get(2)? })
}
