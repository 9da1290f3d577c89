//! Follows the event log: leads that are new, changed or gone are compared within a moment.

use std::time::Duration;

use db::{DbError, Scope, SystemTx};
use events::{Projection, Window, project};
use http_kit::App;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    actions::{
        examine::{Against, examine},
        merge_all,
    },
    store,
};

/// Leads compared in one transaction. Each may share a key with some hundred others, who are all in memory at once.
const BATCH: i64 = 250;

/// Puts the leads that changed on the list.
struct Changed;

impl Projection for Changed {
    const NAME: &'static str = "duplicates.changed";

    async fn apply(&self, tx: &SystemTx, window: Window) -> Result<(), DbError> {
        let clause = Window::CLAUSE;
        // Only what is compared matters: a new revenue makes nobody somebody else's double. On a conflict the row is
        // locked by updating it, so that whoever is comparing the lead right now compares it once more.
        tx.execute(
            &format!(
                "INSERT INTO duplicate_pending (org_id, lead_id)
                 SELECT DISTINCT e.org_id, e.subject_id FROM events e
                 WHERE {clause} AND e.subject_type = 'lead'
                   AND (e.kind IN ('lead.created', 'lead.deleted', 'lead.restored', 'lead.merged')
                     OR (e.kind = 'lead.updated' AND (e.payload -> 'fields' IS NULL OR e.payload -> 'fields' ?| ARRAY['first_name', 'last_name', 'email',
                       'phone', 'linkedin_url', 'company_name', 'company_domain', 'external_id', 'title', 'city', 'country'])))
                 ON CONFLICT (org_id, lead_id) DO UPDATE SET lead_id = excluded.lead_id"
            ),
            &window.params(),
        )
        .await?;
        Ok(())
    }
}

/// Compares whoever waits, an organisation after the other, until `stop`.
async fn compare_waiting(app: App, stop: CancellationToken) {
    while !stop.is_cancelled() {
        let wait = match round(&app, &stop).await {
            Ok(0) => Duration::from_millis(500),
            // People wait for pages; nobody waits for this.
            Ok(_) => Duration::from_millis(5),
            Err(error) => {
                tracing::warn!(%error, "changed leads could not be compared; it tries again");
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
    for org in store::waiting_orgs(&app.db).await? {
        if stop.is_cancelled() {
            break;
        }
        let tx = app.db.tenant(&Scope::whole(org)).await?;
        // Another node, or the scan, has this organisation in hand.
        if !store::try_lock(&tx).await? {
            continue;
        }
        let ids = store::take_pending(&tx, BATCH).await?;
        let settings = store::settings::get(&tx).await?;
        let pairs = examine(&tx, &ids, Against::Everybody, &settings, app.clock.now()).await?;
        if settings.automatic && pairs > 0 {
            merge_all::enqueue_automatic(&tx).await?;
        }
        tx.commit().await?;
        done += ids.len();
    }
    Ok(done)
}

/// This slice's readers of the event log, running until `stop`.
pub fn projections(app: &App, stop: CancellationToken) -> Vec<JoinHandle<()>> {
    vec![tokio::spawn(project(app.db.clone(), Changed, stop.clone())), tokio::spawn(compare_waiting(app.clone(), stop))]
}
