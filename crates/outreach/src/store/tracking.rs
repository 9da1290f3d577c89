//! What recipients and providers tell about a send. Everything here may be told twice and in any order.

use db::{DbError, Row, SystemTx, TenantTx};
use jiff::Timestamp;
use kernel::{CampaignId, LeadId, OrgId, SendId, StepId};

/// Where a send belongs.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    pub(crate) campaign: CampaignId,
    pub(crate) step: StepId,
    pub(crate) step_no: i16,
    pub(crate) lead: LeadId,
    /// It was sent to; else, the lead's address.
    pub(crate) email: String,
}

pub(crate) async fn origin(tx: &TenantTx, send: SendId) -> Result<Option<Origin>, DbError> {
    let row = tx
        .query_opt(
            "SELECT s.campaign_id, s.step_id, s.step_no, s.lead_id, coalesce(nullif(s.email, ''), l.email, '')
             FROM sends s JOIN leads l ON l.org_id = s.org_id AND l.id = s.lead_id WHERE s.org_id = $1 AND s.id = $2",
            &[&tx.org(), &send],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let origin = Origin {
        campaign: row.try_get(0)?,
        step: row.try_get(1)?,
        step_no: row.try_get(2)?,
        lead: row.try_get(3)?,
        email: row.try_get(4)?,
    };
    Ok((!origin.email.is_empty()).then_some(origin))
}

pub(crate) async fn lead_of_address(tx: &TenantTx, email: &str) -> Result<Option<LeadId>, DbError> {
    let row = tx.query_opt("SELECT id FROM leads WHERE org_id = $1 AND email = $2", &[&tx.org(), &email]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

pub(crate) async fn lead_status(tx: &TenantTx, lead: LeadId) -> Result<Option<String>, DbError> {
    let row = tx.query_opt("SELECT status FROM leads WHERE org_id = $1 AND id = $2", &[&tx.org(), &lead]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// An opening. A machine's is counted apart; so is one within two seconds of the sending, when no person
/// can have looked. Each kind is an event once; `first` marks the one that shows a person has the mail open,
/// unless a click has shown it before.
pub(crate) async fn opened(tx: &TenantTx, send: SendId, machine: bool, at: Timestamp) -> Result<(), DbError> {
    let row = tx.query_opt(
        "WITH seen AS (
           SELECT s.id, $3 OR s.sent_at IS NULL OR $4 < s.sent_at + interval '2 seconds' AS machine, s.opened_at IS NULL AS unopened
           FROM sends s WHERE s.org_id = $1 AND s.id = $2 FOR UPDATE),
         counted AS (
           UPDATE sends s SET opens = s.opens + CASE WHEN seen.machine THEN 0 ELSE 1 END,
             machine_opens = s.machine_opens + CASE WHEN seen.machine THEN 1 ELSE 0 END,
             opened_at = CASE WHEN seen.machine THEN s.opened_at ELSE coalesce(s.opened_at, $4) END
           FROM seen WHERE s.org_id = $1 AND s.id = seen.id
           RETURNING s.id, s.campaign_id, s.step_id, s.step_no, s.lead_id, seen.machine, seen.unopened,
             CASE WHEN seen.machine THEN s.machine_opens ELSE s.opens END = 1 AS first),
         told AS (
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'mail.opened', 'lead', lead_id, 'provider', $4,
           jsonb_build_object('campaign_id', campaign_id, 'campaign', (SELECT c.name FROM campaigns c WHERE c.org_id = $1 AND c.id = campaign_id), 'step_id', step_id, 'step_no', step_no, 'send_id', id, 'machine', machine, 'first', unopened AND NOT machine)
         FROM counted WHERE first)
         SELECT lead_id FROM counted WHERE first AND NOT machine",
        &[&tx.org(), &send, &machine, &at],
    )
    .await?;
    notice(tx, row, at).await
}

/// A click. A person who clicks has opened, too. Events beyond the twentieth of a kind add nothing.
/// `first` marks a person's first click in the mail, `opened` a click that is the first sign of an opening.
pub(crate) async fn clicked(tx: &TenantTx, send: SendId, url: &str, machine: bool, at: Timestamp) -> Result<(), DbError> {
    let row = tx.query_opt(
        "WITH seen AS (
           SELECT s.id, $3 OR s.sent_at IS NULL OR $4 < s.sent_at + interval '2 seconds' AS machine, s.opened_at IS NULL AS unopened
           FROM sends s WHERE s.org_id = $1 AND s.id = $2 FOR UPDATE),
         counted AS (
           UPDATE sends s SET clicks = s.clicks + CASE WHEN seen.machine THEN 0 ELSE 1 END,
             machine_clicks = s.machine_clicks + CASE WHEN seen.machine THEN 1 ELSE 0 END,
             clicked_at = CASE WHEN seen.machine THEN s.clicked_at ELSE coalesce(s.clicked_at, $4) END,
             opened_at = CASE WHEN seen.machine THEN s.opened_at ELSE coalesce(s.opened_at, $4) END
           FROM seen WHERE s.org_id = $1 AND s.id = seen.id
           RETURNING s.id, s.campaign_id, s.step_id, s.step_no, s.lead_id, seen.machine, seen.unopened, s.clicks = 1 AS first,
             CASE WHEN seen.machine THEN s.machine_clicks ELSE s.clicks END <= 20 AS telling),
         told AS (
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, 'mail.clicked', 'lead', lead_id, 'provider', $4,
           jsonb_build_object('campaign_id', campaign_id, 'campaign', (SELECT c.name FROM campaigns c WHERE c.org_id = $1 AND c.id = campaign_id), 'step_id', step_id, 'step_no', step_no, 'send_id', id, 'machine', machine, 'url', $5::text,
             'first', first AND NOT machine, 'opened', unopened AND NOT machine)
         FROM counted WHERE telling)
         SELECT lead_id FROM counted WHERE telling AND NOT machine",
        &[&tx.org(), &send, &machine, &at, &url],
    )
    .await?;
    notice(tx, row, at).await
}

/// A person did something with a mail: that is activity of the lead.
async fn notice(tx: &TenantTx, row: Option<Row>, at: Timestamp) -> Result<(), DbError> {
    match row {
        Some(row) => leads::touch(tx, &[row.try_get(0)?], at).await,
        None => Ok(()),
    }
}

/// A report that is true once: the column is set the first time, with an event.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Report {
    Delivered,
    Bounced,
    Complained,
}

impl Report {
    const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Delivered => ("delivered_at", "mail.delivered"),
            Self::Bounced => ("bounced_at", "mail.bounced"),
            Self::Complained => ("complained_at", "mail.complained"),
        }
    }
}

/// Notes a report; `reason` goes into the event. Returns whether it was news.
pub(crate) async fn report(tx: &TenantTx, send: SendId, what: Report, reason: &str, at: Timestamp) -> Result<bool, DbError> {
    let (column, kind) = what.words();
    let sql = format!(
        "WITH noted AS (
           UPDATE sends SET {column} = $3 WHERE org_id = $1 AND id = $2 AND {column} IS NULL
           RETURNING id, campaign_id, step_id, step_no, lead_id)
         INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
         SELECT $1, '{kind}', 'lead', lead_id, 'provider', $3,
           jsonb_build_object('campaign_id', campaign_id, 'campaign', (SELECT c.name FROM campaigns c WHERE c.org_id = $1 AND c.id = campaign_id), 'step_id', step_id, 'step_no', step_no, 'send_id', id)
             || CASE WHEN $4::text = '' THEN '{{}}'::jsonb ELSE jsonb_build_object('reason', $4::text) END
         FROM noted"
    );
    Ok(tx.execute(&sql, &[&tx.org(), &send, &at, &reason]).await? == 1)
}

/// The provider's Message-ID replaces ours where it sets its own: later mails of the thread refer to it.
pub(crate) async fn set_message_id(tx: &TenantTx, send: SendId, message_id: &str) -> Result<(), DbError> {
    tx.execute("UPDATE sends SET message_id = $3 WHERE org_id = $1 AND id = $2 AND message_id <> $3", &[&tx.org(), &send, &message_id])
        .await?;
    Ok(())
}

/// What is said about a send for people, such as a delay.
pub(crate) async fn note(tx: &TenantTx, send: SendId, words: &str) -> Result<(), DbError> {
    tx.execute("UPDATE sends SET last_error = $3 WHERE org_id = $1 AND id = $2", &[&tx.org(), &send, &words]).await?;
    Ok(())
}

/// Remembers a webhook delivery; `false`: it was taken in before.
pub(crate) async fn first_delivery(tx: &SystemTx, provider: &str, id: &str) -> Result<bool, DbError> {
    let new = tx
        .execute(
            "INSERT INTO webhook_deliveries (provider, id, received_at) VALUES ($1, $2, clock_timestamp()) ON CONFLICT DO NOTHING",
            &[&provider, &id],
        )
        .await?;
    Ok(new == 1)
}

/// Whose message a provider's id is.
pub(crate) async fn by_provider_id(tx: &SystemTx, provider: &str, provider_id: &str) -> Result<Option<(OrgId, SendId)>, DbError> {
    let sql = "SELECT org_id, send_id FROM provider_messages WHERE provider_id = $2 AND provider = $1";
    let row = tx.query_opt(sql, &[&provider, &provider_id]).await?;
    row.map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).transpose()
}

/// Forgets deliveries that no provider repeats any more.
pub(crate) async fn forget_deliveries(tx: &SystemTx) -> Result<u64, DbError> {
    tx.execute("DELETE FROM webhook_deliveries WHERE received_at < clock_timestamp() - interval '7 days'", &[]).await
}
