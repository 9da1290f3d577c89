//! Counts the event log.

use db::{DbError, SystemTx};
use events::{Projection, Window, project};
use http_kit::App;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

struct Count;

/// Adds to what is there already.
const ADD: &str = "ON CONFLICT (org_id, day, metric, campaign_id, step_no) DO UPDATE SET value = t.value + excluded.value";

impl Projection for Count {
    const NAME: &'static str = "insights.count";

    async fn apply(&self, tx: &SystemTx, window: Window) -> Result<(), DbError> {
        for sql in [counters(), balances(), new_leads(), stages(), lowered_stages(), deleted_leads()] {
            tx.execute(&sql, &window.params()).await?;
        }
        Ok(())
    }
}

/// A change of status that an undoing took back: it is no news, and counts what it takes back as if it had not been.
const UNDONE: &str = "e.kind = 'lead.status_changed' AND e.payload ? 'undoes'";

/// What happened on each day, by campaign and step. What was undone is taken off the day on which it was done.
fn counters() -> String {
    let clause = Window::CLAUSE;
    format!(
        "INSERT INTO insights_daily AS t (org_id, day, metric, campaign_id, step_no, value)
         SELECT e.org_id, insights_day(e.at, e.payload), m.metric,
           CASE e.subject_type WHEN 'camp' THEN e.subject_id ELSE insights_campaign(e.payload) END, insights_step(e.payload),
           sum(CASE WHEN {UNDONE} THEN -1 WHEN e.kind <> 'campaign.launched' THEN 1 WHEN e.payload ->> 'leads' ~ '^[0-9]{{1,9}}$' THEN (e.payload ->> 'leads')::bigint ELSE 0 END)
         FROM events e CROSS JOIN LATERAL unnest(CASE e.kind
           WHEN 'lead.created' THEN ARRAY['leads_created'] WHEN 'campaign.launched' THEN ARRAY['enrolled']
           WHEN 'lead.status_changed' THEN CASE e.payload ->> CASE WHEN {UNDONE} THEN 'from' ELSE 'to' END
             WHEN 'contacted' THEN ARRAY['leads_contacted'] WHEN 'qualified' THEN ARRAY['qualified'] WHEN 'converted' THEN ARRAY['converted'] END
           WHEN 'mail.opened' THEN CASE
             WHEN e.payload -> 'machine' = 'true' THEN ARRAY['opened_machine']
             WHEN e.payload -> 'first' = 'true' THEN ARRAY['opened', 'opened_unique'] ELSE ARRAY['opened'] END
           WHEN 'mail.clicked' THEN CASE
             WHEN e.payload -> 'machine' = 'true' THEN ARRAY['clicked_machine']
             ELSE ARRAY['clicked'] || CASE WHEN e.payload -> 'first' = 'true' THEN ARRAY['clicked_unique'] END
               || CASE WHEN e.payload -> 'opened' = 'true' THEN ARRAY['opened_unique'] END END
           WHEN 'mail.sent' THEN ARRAY['sent'] WHEN 'mail.delivered' THEN ARRAY['delivered'] WHEN 'mail.replied' THEN ARRAY['replied']
           WHEN 'mail.bounced' THEN ARRAY['bounced'] WHEN 'mail.complained' THEN ARRAY['complained']
           WHEN 'mail.unsubscribed' THEN ARRAY['unsubscribed'] WHEN 'mail.failed' THEN ARRAY['failed'] END) AS m (metric)
         WHERE {clause} AND (e.kind LIKE 'mail.%' OR e.kind IN ('lead.created', 'lead.status_changed', 'campaign.launched'))
         GROUP BY 1, 2, 3, 4, 5 {ADD}"
    )
}

/// How many leads have each status now: in on arrival, out on leaving.
fn balances() -> String {
    let clause = Window::CLAUSE;
    format!(
        "INSERT INTO insights_daily AS t (org_id, day, metric, campaign_id, step_no, value)
         SELECT e.org_id, 'epoch'::date, 'status:' || s.status, '00000000-0000-0000-0000-000000000000'::uuid, 0, sum(s.change)
         FROM events e CROSS JOIN LATERAL (VALUES
           (CASE WHEN e.kind IN ('lead.created', 'lead.restored') THEN coalesce(e.payload ->> 'status', 'new') WHEN e.kind = 'lead.status_changed' THEN e.payload ->> 'to' END, 1),
           (CASE e.kind WHEN 'lead.deleted' THEN e.payload ->> 'status' WHEN 'lead.status_changed' THEN e.payload ->> 'from' END, -1)
         ) AS s (status, change)
         WHERE {clause} AND e.kind IN ('lead.created', 'lead.restored', 'lead.status_changed', 'lead.deleted') AND s.status IS NOT NULL
         GROUP BY 1, 3 HAVING sum(s.change) <> 0 {ADD}"
    )
}

fn new_leads() -> String {
    let clause = Window::CLAUSE;
    format!(
        "INSERT INTO insights_leads (org_id, lead_id, created_on, stage)
         SELECT e.org_id, e.subject_id, (e.at AT TIME ZONE 'UTC')::date, 0 FROM events e
         WHERE {clause} AND e.kind = 'lead.created'
         UNION ALL
         -- Back after a deletion: what it had reached stayed counted, so it goes on from there.
         SELECT e.org_id, e.subject_id, insights_created_on(e.payload, e.at), insights_stage(e.org_id, e.subject_id) FROM events e
         WHERE {clause} AND e.kind = 'lead.restored'
         ON CONFLICT DO NOTHING"
    )
}

/// Counts each lead once at every stage it has newly reached, on the day it was created.
fn stages() -> String {
    let clause = Window::CLAUSE;
    format!(
        "WITH seen AS (
           SELECT e.org_id, e.subject_id AS lead_id, max(CASE
             WHEN e.kind = 'mail.sent' THEN 1
             WHEN e.kind IN ('mail.opened', 'mail.clicked') AND e.payload -> 'machine' IS DISTINCT FROM 'true' THEN 2
             WHEN e.kind = 'mail.replied' THEN 3
             WHEN e.kind IN ('lead.created', 'lead.status_changed') THEN
               CASE coalesce(e.payload ->> 'to', e.payload ->> 'status') WHEN 'contacted' THEN 1 WHEN 'replied' THEN 3 WHEN 'qualified' THEN 3 WHEN 'converted' THEN 4 ELSE 0 END
             ELSE 0 END) AS stage
           FROM events e WHERE {clause} AND e.subject_type = 'lead' AND NOT ({UNDONE})
             AND e.kind IN ('mail.sent', 'mail.opened', 'mail.clicked', 'mail.replied', 'lead.created', 'lead.status_changed')
           GROUP BY 1, 2),
         moving AS (
           SELECT l.org_id, l.lead_id, l.created_on, l.stage AS old, s.stage AS new
           FROM seen s JOIN insights_leads l ON l.org_id = s.org_id AND l.lead_id = s.lead_id WHERE s.stage > l.stage),
         moved AS (
           UPDATE insights_leads l SET stage = m.new FROM moving m WHERE l.org_id = m.org_id AND l.lead_id = m.lead_id)
         INSERT INTO insights_daily AS t (org_id, day, metric, campaign_id, step_no, value)
         SELECT m.org_id, m.created_on, 'reached:' || n.name, '00000000-0000-0000-0000-000000000000'::uuid, 0, count(*)
         FROM moving m JOIN (VALUES (1, 'contacted'), (2, 'opened'), (3, 'replied'), (4, 'converted')) AS n (stage, name)
           ON n.stage > m.old AND n.stage <= m.new
         GROUP BY 1, 2, 3 {ADD}"
    )
}

/// Leads whose change of status was undone stand where they stood before, and so do the counts of who reached what.
fn lowered_stages() -> String {
    let clause = Window::CLAUSE;
    format!(
        "WITH undone AS (SELECT DISTINCT e.org_id, e.subject_id AS lead_id FROM events e WHERE {clause} AND {UNDONE}),
         moving AS (
           SELECT l.org_id, l.lead_id, l.created_on, l.stage AS old, insights_stage(l.org_id, l.lead_id) AS new
           FROM undone u JOIN insights_leads l ON l.org_id = u.org_id AND l.lead_id = u.lead_id WHERE l.stage > 0),
         moved AS (
           UPDATE insights_leads l SET stage = m.new FROM moving m WHERE l.org_id = m.org_id AND l.lead_id = m.lead_id AND m.new < m.old)
         INSERT INTO insights_daily AS t (org_id, day, metric, campaign_id, step_no, value)
         SELECT m.org_id, m.created_on, 'reached:' || n.name, '00000000-0000-0000-0000-000000000000'::uuid, 0, -count(*)
         FROM moving m JOIN (VALUES (1, 'contacted'), (2, 'opened'), (3, 'replied'), (4, 'converted')) AS n (stage, name)
           ON n.stage > m.new AND n.stage <= m.old
         GROUP BY 1, 2, 3 {ADD}"
    )
}

/// A lead whose creation was undone has never been; any other that is deleted was, and stays counted. One that is back
/// already stays.
fn deleted_leads() -> String {
    let clause = Window::CLAUSE;
    format!(
        "WITH gone AS (
           DELETE FROM insights_leads l USING events e
           WHERE {clause} AND e.kind = 'lead.deleted' AND l.org_id = e.org_id AND l.lead_id = e.subject_id
             AND NOT EXISTS (SELECT FROM events r WHERE r.org_id = e.org_id AND r.subject_id = e.subject_id AND r.kind = 'lead.restored' AND r.seq > e.seq)
           RETURNING l.org_id, l.created_on, l.stage, e.payload ? 'undoes' AS undone)
         INSERT INTO insights_daily AS t (org_id, day, metric, campaign_id, step_no, value)
         SELECT g.org_id, g.created_on, n.metric, '00000000-0000-0000-0000-000000000000'::uuid, 0, -count(*)
         FROM gone g JOIN (VALUES (0, 'leads_created'), (1, 'reached:contacted'), (2, 'reached:opened'), (3, 'reached:replied'), (4, 'reached:converted')) AS n (stage, metric)
           ON n.stage <= g.stage
         WHERE g.undone GROUP BY 1, 2, 3 {ADD}"
    )
}

/// This slice's readers of the event log, running until `stop`.
pub fn projections(app: &App, stop: CancellationToken) -> Vec<JoinHandle<()>> {
    vec![tokio::spawn(project(app.db.clone(), Count, stop))]
}
