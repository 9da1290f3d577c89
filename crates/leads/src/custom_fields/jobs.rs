//! Brings the values that were there before into the index of a field.

use std::time::Duration;

use db::Scope;
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::Uuid;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::store;

/// Leads indexed in one transaction.
const CHUNK: i64 = 2_000;
/// How often it looks whether everybody knows of the index, before it tries again later.
const PATIENCE: u32 = 100;

/// Indexes one field. May be killed anywhere: it begins again, and repeating does no harm.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct IndexField {
    pub(crate) key: String,
}

impl Job for IndexField {
    const KIND: &'static str = "leads.index_custom_field";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        // The index is the organisation's, whoever has asked first.
        let (app, scope) = (&cx.state, Scope::whole(cx.org()?));
        let mut looked = 0;
        loop {
            let tx = app.db.tenant(&scope).await?;
            let known = store::is_known_to_all(&tx, &self.key).await?;
            tx.commit().await?;
            if known {
                break;
            }
            looked += 1;
            if looked > PATIENCE {
                return Err(Failure::retry("a transaction that began before the index has not ended"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let mut after = Uuid::nil();
        let mut seen = 0_i64;
        loop {
            if cx.should_stop().await? {
                return Ok(Outcome::Stopped);
            }
            let tx = app.db.tenant(&scope).await?;
            let last = store::index_some(&tx, &self.key, after, CHUNK).await?;
            if last.is_none() {
                store::end_index(&tx, &self.key).await?;
            }
            tx.commit().await?;
            match last {
                None => return Ok(Outcome::Done),
                Some(last) => after = last,
            }
            seen += CHUNK;
            cx.progress(&json!({ "seen": seen })).await?;
        }
    }
}
