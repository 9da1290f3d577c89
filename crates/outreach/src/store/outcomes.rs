//! Writing down what became of sends: the row, the event, the lead's next step, in one transaction.

use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::{Actor, CampaignId, LeadId, SendId};

/// A provider has taken a message.
#[derive(Debug, Clone)]
pub(crate) struct Accepted {
    pub(crate) send: SendId,
    /// Empty when nobody knows it.
    pub(crate) provider_id: String,
}

/// Records sends as sent and moves their leads on. A row that has an outcome already keeps it, so this
/// may be said any number of times, by the sender, a webhook or a person.
/// `provider`: also remember the ids, for webhooks that name nothing else.
pub(crate) async fn sent(tx: &TenantTx, accepted: &[Accepted], provider: Option<&str>, by: Actor, now: Timestamp) -> Result<u64, DbError> {
    if accepted.is_empty() {
        return Ok(0);
    }
    let ids: Vec<SendId> = accepted.iter().map(|each| each.send).collect();
    let provider_ids: Vec<&str> = accepted.iter().map(|each| each.provider_id.as_str()).collect();
    let rows = tx
        .query(
            "WITH sent AS (
               UPDATE sends s SET state = 'sent', sent_at = $4, provider_id = coalesce(nullif(i.provider_id, ''), s.provider_id), reason = '', last_error = ''
               FROM (SELECT * FROM unnest($2::uuid[], $3::text[]) AS u (id, provider_id) ORDER BY id) i
               WHERE s.org_id = $1 AND s.id = i.id AND s.state IN ('claimed', 'unknown')
               RETURNING s.id, s.campaign_id, s.lead_id, s.step_id, s.step_no),
             -- A stopped sequence moves on as well, without starting: the stop may be taken back.
             moved AS (
               UPDATE enrollments e SET
                 step = CASE WHEN n.id IS NULL THEN e.step ELSE n.position END,
                 next_at = CASE WHEN n.id IS NOT NULL THEN $4 + n.delay_minutes * interval '1 minute' END,
                 state = CASE WHEN e.state = 'active' AND n.id IS NULL THEN 'finished' ELSE e.state END,
                 ended_at = CASE WHEN e.state = 'active' AND n.id IS NULL THEN $4 ELSE e.ended_at END
               FROM sent LEFT JOIN campaign_steps n ON n.org_id = $1 AND n.campaign_id = sent.campaign_id AND n.position = sent.step_no + 1
               WHERE e.org_id = $1 AND e.campaign_id = sent.campaign_id AND e.lead_id = sent.lead_id AND e.state <> 'finished' AND e.step = sent.step_no),
             told AS (
               INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
               SELECT $1, 'mail.sent', 'lead', lead_id, $5, $4,
                 jsonb_build_object('campaign_id', campaign_id, 'campaign', (SELECT c.name FROM campaigns c WHERE c.org_id = $1 AND c.id = campaign_id), 'step_id', step_id, 'step_no', step_no, 'send_id', id) FROM sent)
             SELECT lead_id FROM sent",
            &[&tx.org(), &ids, &provider_ids, &now, &by.to_string()],
        )
        .await?;
    if let Some(provider) = provider {
        tx.execute(
            "INSERT INTO provider_messages (org_id, provider, provider_id, send_id)
             SELECT $1, $2, i.provider_id, i.id FROM unnest($3::uuid[], $4::text[]) AS i (id, provider_id)
             JOIN sends s ON s.org_id = $1 AND s.id = i.id
             WHERE i.provider_id <> '' ON CONFLICT DO NOTHING",
            &[&tx.org(), &provider, &ids, &provider_ids],
        )
        .await?;
    }
    let reached: Vec<LeadId> = rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?;
    if !reached.is_empty() {
        leads::mark_contacted(tx, &reached, now).await?;
    }
    Ok(reached.len() as u64)
}

/// A send that will never happen.
#[derive(Debug, Clone)]
pub(crate) struct Failed {
    pub(crate) send: SendId,
    /// For programs.
    pub(crate) reason: String,
    /// For people.
    pub(crate) words: String,
    /// A permanent refusal of the address is a bounce.
    pub(crate) bounced: bool,
}

/// Sends without an outcome.
pub(crate) const OPEN: &[&str] = &["planned", "claimed", "unknown"];
/// Sends that a provider had or may have taken.
pub(crate) const TAKEN: &[&str] = &["claimed", "unknown", "sent"];

/// Records failures of sends that are in one of `states`; their sequences end. Returns the leads and
/// addresses that bounced, for the suppression list.
pub(crate) async fn failed(
    tx: &TenantTx,
    failed: &[Failed],
    states: &[&str],
    by: Actor,
    now: Timestamp,
) -> Result<Vec<(LeadId, String, String)>, DbError> {
    if failed.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<SendId> = failed.iter().map(|each| each.send).collect();
    let reasons: Vec<&str> = failed.iter().map(|each| each.reason.as_str()).collect();
    let words: Vec<&str> = failed.iter().map(|each| each.words.as_str()).collect();
    let bounced: Vec<bool> = failed.iter().map(|each| each.bounced).collect();
    let rows = tx
        .query(
            "WITH failed AS (
               UPDATE sends s SET state = 'failed', reason = i.reason, last_error = i.words, bounced_at = CASE WHEN i.bounced THEN $6::timestamptz END
               FROM unnest($2::uuid[], $3::text[], $4::text[], $5::boolean[]) AS i (id, reason, words, bounced)
               WHERE s.org_id = $1 AND s.id = i.id AND s.state = ANY($7)
               RETURNING s.id, s.campaign_id, s.lead_id, s.step_id, s.step_no, s.email, s.last_error, i.bounced),
             stopped AS (
               UPDATE enrollments e SET state = 'stopped', reason = CASE WHEN failed.bounced THEN 'bounced' ELSE 'failed' END, ended_at = $6
               FROM failed WHERE e.org_id = $1 AND e.campaign_id = failed.campaign_id AND e.lead_id = failed.lead_id AND e.state = 'active'),
             told AS (
               INSERT INTO events (org_id, kind, subject_type, subject_id, actor, at, payload)
               SELECT $1, CASE WHEN bounced THEN 'mail.bounced' ELSE 'mail.failed' END, 'lead', lead_id, $8, $6,
                 jsonb_build_object('campaign_id', campaign_id, 'campaign', (SELECT c.name FROM campaigns c WHERE c.org_id = $1 AND c.id = campaign_id), 'step_id', step_id, 'step_no', step_no, 'send_id', id, 'reason', last_error) FROM failed)
             SELECT lead_id, email, last_error FROM failed WHERE bounced AND email <> ''",
            &[&tx.org(), &ids, &reasons, &words, &bounced, &now, &states, &by.to_string()],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?))).collect()
}

/// Puts rows back in the queue: they were certainly not sent, so the attempt does not count.
pub(crate) async fn replan(tx: &TenantTx, sends: &[SendId], not_before: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE sends SET state = 'planned', batch_id = NULL, not_before = $3, reason = '', attempts = greatest(attempts - 1, 0)
         WHERE org_id = $1 AND id = ANY($2) AND state IN ('claimed', 'unknown')",
        &[&tx.org(), &sends, &not_before],
    )
    .await?;
    Ok(())
}

/// The same after a refusal that may pass; says why. Counts as one attempt each.
pub(crate) async fn defer(tx: &TenantTx, sends: &[SendId], words: &[String], not_before: &[Timestamp]) -> Result<(), DbError> {
    tx.execute(
        "UPDATE sends s SET state = 'planned', batch_id = NULL, last_error = i.words, not_before = i.at
         FROM unnest($2::uuid[], $3::text[], $4::timestamptz[]) AS i (id, words, at)
         WHERE s.org_id = $1 AND s.id = i.id AND s.state = 'claimed'",
        &[&tx.org(), &sends, &words, &not_before],
    )
    .await?;
    Ok(())
}

/// How often each of these was tried.
pub(crate) async fn attempts(tx: &TenantTx, sends: &[SendId]) -> Result<Vec<(SendId, i16)>, DbError> {
    let rows = tx.query("SELECT id, attempts FROM sends WHERE org_id = $1 AND id = ANY($2)", &[&tx.org(), &sends]).await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Parks rows whose outcome nobody knows.
pub(crate) async fn park(tx: &TenantTx, sends: &[SendId], words: &str) -> Result<(), DbError> {
    tx.execute(
        "UPDATE sends SET state = 'unknown', batch_id = NULL, reason = 'unknown', last_error = $3 WHERE org_id = $1 AND id = ANY($2) AND state = 'claimed'",
        &[&tx.org(), &sends, &words],
    )
    .await?;
    Ok(())
}

/// Which campaign a row of the ledger belongs to.
pub(crate) async fn campaign_of(tx: &TenantTx, send: SendId) -> Result<Option<CampaignId>, DbError> {
    let row = tx.query_opt("SELECT campaign_id FROM sends WHERE org_id = $1 AND id = $2 FOR UPDATE", &[&tx.org(), &send]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
