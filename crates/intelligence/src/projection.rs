//! Follows the event log: sums up engagement, and rescores the leads whose facts have changed.

use std::time::Duration;

use db::{DbError, Scope, SystemTx};
use events::{Projection, Window, project};
use http_kit::App;
use kernel::OrgId;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    actions::rescore::{Cause, rescore},
    store,
};

/// Leads rescored in one transaction.
const BATCH: i64 = 500;

/// What a lead did that its score looks at; `mail.resubscribed` takes an unsubscription back.
const ENGAGING: &str =
    "'mail.opened', 'mail.clicked', 'mail.replied', 'mail.bounced', 'mail.complained', 'mail.unsubscribed', 'mail.resubscribed'";

/// Reads the log once: the counts and the list of whom to rescore move with the cursor. The counts are what the lead filter's
/// `engagement.*` fields ask, too.
struct Engage;

impl Projection for Engage {
    const NAME: &'static str = "intelligence.engagement";

    async fn apply(&self, tx: &SystemTx, window: Window) -> Result<(), DbError> {
        let clause = Window::CLAUSE;
        tx.execute(
            &format!(
                "INSERT INTO intelligence_engagement AS t (org_id, lead_id, sends, opens, clicks, replies, bounces, complaints, unsubscribes,
                   last_at, last_sent_at, last_opened_at, last_clicked_at, last_replied_at, last_bounced_at)
                 SELECT e.org_id, e.subject_id, count(*) FILTER (WHERE e.kind = 'mail.sent'),
                   count(*) FILTER (WHERE e.kind = 'mail.opened'), count(*) FILTER (WHERE e.kind = 'mail.clicked'),
                   count(*) FILTER (WHERE e.kind = 'mail.replied'), count(*) FILTER (WHERE e.kind = 'mail.bounced'),
                   count(*) FILTER (WHERE e.kind = 'mail.complained'),
                   count(*) FILTER (WHERE e.kind = 'mail.unsubscribed') - count(*) FILTER (WHERE e.kind = 'mail.resubscribed'),
                   max(e.at) FILTER (WHERE e.kind IN ('mail.opened', 'mail.clicked', 'mail.replied')),
                   max(e.at) FILTER (WHERE e.kind = 'mail.sent'), max(e.at) FILTER (WHERE e.kind = 'mail.opened'),
                   max(e.at) FILTER (WHERE e.kind = 'mail.clicked'), max(e.at) FILTER (WHERE e.kind = 'mail.replied'),
                   max(e.at) FILTER (WHERE e.kind = 'mail.bounced')
                 FROM events e
                 WHERE {clause}
                   AND e.kind IN ('mail.sent', {ENGAGING}) AND e.subject_type = 'lead' AND e.payload -> 'machine' IS DISTINCT FROM 'true'
                 GROUP BY 1, 2
                 ON CONFLICT (org_id, lead_id) DO UPDATE SET sends = t.sends + excluded.sends,
                   opens = t.opens + excluded.opens, clicks = t.clicks + excluded.clicks, replies = t.replies + excluded.replies,
                   bounces = t.bounces + excluded.bounces, complaints = t.complaints + excluded.complaints,
                   unsubscribes = greatest(0, t.unsubscribes + excluded.unsubscribes), last_at = greatest(t.last_at, excluded.last_at),
                   last_sent_at = greatest(t.last_sent_at, excluded.last_sent_at),
                   last_opened_at = greatest(t.last_opened_at, excluded.last_opened_at),
                   last_clicked_at = greatest(t.last_clicked_at, excluded.last_clicked_at),
                   last_replied_at = greatest(t.last_replied_at, excluded.last_replied_at),
                   last_bounced_at = greatest(t.last_bounced_at, excluded.last_bounced_at)"
            ),
            &window.params(),
        )
        .await?;
        // Of leads that were merged, what each of them did counts for the one that stays.
        tx.execute(
            &format!(
                "INSERT INTO intelligence_engagement AS t (org_id, lead_id, opens, clicks, replies, bounces, complaints, unsubscribes, last_at)
                 SELECT e.org_id, e.subject_id, sum(m.opens), sum(m.clicks), sum(m.replies), sum(m.bounces), sum(m.complaints), sum(m.unsubscribes), max(m.last_at)
                 FROM events e CROSS JOIN LATERAL jsonb_array_elements_text(e.payload -> 'merged') AS gone (id)
                 JOIN intelligence_engagement m ON m.org_id = e.org_id AND m.lead_id = gone.id::uuid
                 WHERE {clause} AND e.kind = 'lead.merged'
                 GROUP BY 1, 2
                 ON CONFLICT (org_id, lead_id) DO UPDATE SET
                   opens = t.opens + excluded.opens, clicks = t.clicks + excluded.clicks, replies = t.replies + excluded.replies,
                   bounces = t.bounces + excluded.bounces, complaints = t.complaints + excluded.complaints,
                   unsubscribes = t.unsubscribes + excluded.unsubscribes, last_at = greatest(t.last_at, excluded.last_at)"
            ),
            &window.params(),
        )
        .await?;
        // On a conflict the row is locked by updating it: whoever rescores leaves it on the list until this
        // transaction has ended, and so sees what it has counted. A changed account tells of each of its
        // leads. The status is no fact of the model, so that sending to 100,000 leads rescores none of them.
        tx.execute(
            &format!(
                "INSERT INTO intelligence_pending (org_id, lead_id)
                 SELECT DISTINCT e.org_id, e.subject_id FROM events e
                 WHERE {clause} AND e.subject_type = 'lead'
                   AND (e.kind IN ('lead.created', 'lead.updated', 'lead.merged', 'lead.restored') OR (e.kind IN ({ENGAGING}) AND e.payload -> 'machine' IS DISTINCT FROM 'true'))
                 ON CONFLICT (org_id, lead_id) DO UPDATE SET lead_id = excluded.lead_id"
            ),
            &window.params(),
        )
        .await?;
        tx.execute(
            &format!(
                "DELETE FROM intelligence_engagement t USING events e
                 WHERE {clause} AND e.kind = 'lead.deleted' AND t.org_id = e.org_id AND t.lead_id = e.subject_id"
            ),
            &window.params(),
        )
        .await?;
        Ok(())
    }
}

/// Rescores whoever waits, an organisation after the other, until `stop`.
async fn rescore_waiting(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let wait = match round(&app, &stop).await {
            Ok(0) => Duration::from_millis(300),
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::warn!(%error, "changed leads could not be rescored; it tries again");
                Duration::from_secs(1)
            }
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// One batch of each organisation; returns how many leads were looked at.
async fn round(app: &App, stop: &CancellationToken) -> Result<usize, DbError> {
    let mut done = 0;
    for row in app.db.read_system(store::WAITING_ORGS, &[]).await? {
        if stop.is_cancelled() {
            break;
        }
        let org: OrgId = row.try_get(0)?;
        let tx = app.db.tenant(&Scope::whole(org)).await?;
        // Another node, or the bulk job, has this organisation in hand.
        if !store::try_lock_scoring(&tx).await? {
            continue;
        }
        let ids = store::take_pending(&tx, BATCH).await?;
        let leads = store::leads_by_id(&tx, &ids).await?;
        let weights = store::model(&tx).await?.weights;
        rescore(&tx, &weights, &leads, Cause::Facts, app.clock.now()).await?;
        tx.commit().await?;
        done += ids.len();
    }
    if done > 0 {
        app.feed.nudge();
    }
    Ok(done)
}

/// This slice's readers of the event log, running until `stop`.
pub fn projections(app: &App, stop: CancellationToken) -> Vec<JoinHandle<()>> {
    vec![tokio::spawn(project(app.db.clone(), Engage, stop.clone())), tokio::spawn(rescore_waiting(app.clone(), stop))]
}
