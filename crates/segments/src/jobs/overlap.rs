use http_kit::App;
use identity::Viewer;
use jobs::{Failure, Job, JobStatus, Outcome, Run};
use kernel::{SegmentId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{model::Overlap, population::Population, store};

/// Finds out what two segments share, however large; the answer is the job's progress.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MeasureOverlap {
    pub(crate) a: SegmentId,
    pub(crate) b: SegmentId,
    /// Who asked: what they see is counted, so it is theirs to read.
    pub(crate) asked_by: UserId,
}

/// What is known of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) a: SegmentId,
    pub(crate) b: SegmentId,
    asked_by: UserId,
    /// Nothing yet while it is counted.
    pub(crate) overlap: Option<Overlap>,
}

impl Found {
    /// What a job has found, if it is such a job and this reader may know it.
    pub(crate) fn of(status: &JobStatus, viewer: &Viewer) -> Option<Self> {
        let found: Self = serde_json::from_value(status.progress.clone()?).ok()?;
        (found.asked_by == viewer.user_id || viewer.scope.sees_everything()).then_some(found)
    }
}

impl Job for MeasureOverlap {
    const KIND: &'static str = "segments.measure_overlap";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let mut found = Found { a: self.a, b: self.b, asked_by: self.asked_by, overlap: None };
        cx.progress(&json!(found)).await?;
        let tx = cx.state.db.tenant(&cx.scope()?).await?;
        let gone = || Failure::give_up("one of the two segments is gone");
        let a = Population::of(&tx, self.a).await?.ok_or_else(gone)?;
        let b = Population::of(&tx, self.b).await?.ok_or_else(gone)?;
        found.overlap = Some(store::overlap::whole(&tx, [&a, &b], cx.now()).await?);
        tx.commit().await?;
        cx.progress(&json!(found)).await?;
        Ok(Outcome::Done)
    }
}
