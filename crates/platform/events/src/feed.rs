use std::{sync::Arc, time::Duration};

use db::{Db, DbError};
use futures_util::{Stream, StreamExt};
use kernel::{OrgId, Uuid};
use tokio::sync::{Notify, broadcast};
use tokio_stream::wrappers::BroadcastStream;

use crate::follow::{Window, next_window};

/// How often the log is looked at while somebody watches and nobody nudges.
const POLL: Duration = Duration::from_millis(250);
/// Events looked at in one go; a bulk change of more is announced in several items.
const BATCH: i64 = 20_000;

/// That something happened: ids only, a page refetches what it shows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FeedItem {
    #[serde(skip)]
    pub org: OrgId,
    pub kind: String,
    pub subject_type: String,
    /// Missing when the item stands for many subjects.
    pub subject: Option<Uuid>,
    pub count: i64,
}

/// The live end of the event log on this node. Each node follows the log itself, so a change made
/// by another node is seen like one of our own. Costs nothing while nobody watches.
#[derive(Debug, Clone)]
pub struct Feed {
    items: broadcast::Sender<Arc<FeedItem>>,
    nudge: Arc<Notify>,
}

impl Feed {
    /// Starts following.
    pub fn start(db: Db) -> Self {
        let feed = Self { items: broadcast::Sender::new(4096), nudge: Arc::new(Notify::new()) };
        tokio::spawn(feed.clone().follow(db));
        feed
    }

    /// Says that something was just committed here, so that watchers need not wait for the poll.
    pub fn nudge(&self) {
        self.nudge.notify_one();
    }

    /// What happens in `org` from now on. A watcher that fell behind misses items, not the
    /// newest: the next item makes it refetch.
    pub fn subscribe(&self, org: OrgId) -> impl Stream<Item = Arc<FeedItem>> + Send + use<> {
        let receiver = self.items.subscribe();
        self.nudge.notify_one();
        BroadcastStream::new(receiver).filter_map(move |item| async move { item.ok().filter(|item| item.org == org) })
    }

    async fn follow(self, db: Db) {
        let mut cursor = None;
        loop {
            if self.items.receiver_count() == 0 {
                cursor = None;
                self.nudge.notified().await;
                continue;
            }
            match self.announce(&db, cursor).await {
                Ok((next, more)) => {
                    cursor = Some(next);
                    if more {
                        continue;
                    }
                }
                Err(error) => tracing::warn!(%error, "the live feed could not read the event log; it tries again"),
            }
            let _ = tokio::time::timeout(POLL, self.nudge.notified()).await;
        }
    }

    async fn announce(&self, db: &Db, cursor: Option<(i64, i64)>) -> Result<((i64, i64), bool), DbError> {
        let tx = db.system().await?;
        let Some(from) = cursor else {
            let row = tx.query_one("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1", &[]).await?;
            tx.commit().await?;
            return Ok(((row.try_get(0)?, i64::MAX), false));
        };
        let Some(window) = next_window(&tx, from, BATCH).await? else {
            tx.commit().await?;
            return Ok((from, false));
        };
        let sql = format!(
            "SELECT e.org_id, e.kind, e.subject_type, count(*), min(e.subject_id::text)::uuid
             FROM events e WHERE {} GROUP BY 1, 2, 3",
            Window::CLAUSE
        );
        let rows = tx.query(&sql, &window.params()).await?;
        tx.commit().await?;
        for row in rows {
            let count: i64 = row.try_get(3)?;
            let subject = if count == 1 { row.try_get(4)? } else { None };
            let item = FeedItem { org: row.try_get(0)?, kind: row.try_get(1)?, subject_type: row.try_get(2)?, subject, count };
            let _ = self.items.send(Arc::new(item)); // no receiver left: nobody to tell
        }
        Ok((window.to, true))
    }
}
