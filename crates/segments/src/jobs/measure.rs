use db::{DbError, Scope};
use http_kit::App;
use jobs::{Failure, Job, Options, Outcome, Run};
use kernel::{OrgId, SegmentId};
use serde::{Deserialize, Serialize};

use crate::store;

/// Segments that one transaction has measured.
const BATCH: i64 = 500;

/// Takes the size of one segment.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Measure {
    pub(crate) segment: SegmentId,
}

impl Job for Measure {
    const KIND: &'static str = "segments.measure";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        // The organisation's own figure, whoever set it going.
        let tx = cx.state.db.tenant(&Scope::whole(cx.org()?)).await?;
        let Some(segment) = store::segments::get(&tx, self.segment).await? else { return Ok(Outcome::Done) };
        let size = store::sizes::count(&tx, &segment.population(&tx).await?, cx.now()).await?;
        match store::sizes::record(&tx, self.segment, size, cx.now()).await {
            // Deleted while it was counted.
            Err(DbError::Postgres(error)) if error.code().is_some_and(|code| code.code() == "23503") => return Ok(Outcome::Done),
            other => other?,
        }
        tx.commit().await?;
        Ok(Outcome::Done)
    }
}

/// Has every segment measured, once a day: the points of its size over time.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MeasureAll {
    /// The last one that an earlier part has come to.
    pub(crate) after: Option<(OrgId, SegmentId)>,
}

impl Job for MeasureAll {
    const KIND: &'static str = "segments.measure_all";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let mut after = self.after;
        loop {
            let tx = cx.state.db.system().await?;
            let segments = store::sizes::to_measure(&tx, after, BATCH).await?;
            for (org, segment) in &segments {
                // Whatever people wait for goes first.
                let options = Options { priority: -1, ..Options::unique(segment.to_string()) };
                jobs::enqueue_system(&tx, Some(*org), &Measure { segment: *segment }, options).await?;
            }
            tx.commit().await?;
            after = segments.last().copied();
            if after.is_none() {
                return Ok(Outcome::Done);
            }
        }
    }
}
