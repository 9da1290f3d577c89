use http_kit::App;
use jiff::Timestamp;
use jobs::{Failure, Job, Outcome, Run};
use kernel::{Actor, ChangeSetId, ClusterId, UserId};
use leads::changes;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    actions::{
        change_settings::learn,
        choose::Choices,
        merge::{Merge, MergeError, merge_cluster},
    },
    store,
};

/// Clusters looked up at once; each is merged in a transaction of its own.
const BATCH: i64 = 50;
/// So many that could not be merged end the work: something is wrong with all of them.
const MOST_FAILURES: usize = 500;

/// Merges clusters, the surest first, in one change set.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct MergeAll {
    pub(crate) at_least_bits: f64,
    /// These alone, however sure they are (then nothing is asked of their bits); `None`: all that are so sure.
    #[serde(default)]
    pub(crate) chosen: Option<Vec<ClusterId>>,
    /// Who asked; nobody: it is automatic.
    pub(crate) by: Option<UserId>,
    pub(crate) asked_at: Timestamp,
}

/// How far it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) merged: i64,
    pub(crate) total: i64,
    /// Left as they were: a mail was on its way, or a field was refused.
    pub(crate) failed: Vec<ClusterId>,
    pub(crate) change_set: Option<ChangeSetId>,
}

impl Job for MergeAll {
    const KIND: &'static str = "duplicates.merge_all";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let (db, scope) = (&cx.state.db, cx.scope()?);
        let actor = self.by.map_or(Actor::System, Actor::User);
        let automatic = self.by.is_none();
        let tx = db.tenant(&scope).await?;
        let stored = jobs::status(&tx, cx.id()).await?.and_then(|job| job.progress);
        let mut progress: Progress = stored.and_then(|json| serde_json::from_value(json).ok()).unwrap_or_default();
        // The switch may have been turned off, or the threshold moved, since the job was enqueued.
        let settings = store::settings::get(&tx).await?;
        if automatic && !settings.automatic {
            return Ok(Outcome::Stopped);
        }
        let bits = match (&self.chosen, automatic) {
            (Some(_), _) => f64::NEG_INFINITY,
            (None, true) => settings.automatic_bits(),
            (None, false) => self.at_least_bits,
        };
        if progress.change_set.is_none() {
            let which = store::clusters::Which { at_least: bits, below: f64::INFINITY };
            progress.total = match &self.chosen {
                Some(chosen) => i64::try_from(store::clusters::existing(&tx, chosen).await?.len()).unwrap_or_default(),
                None => store::clusters::count(&tx, which).await?,
            };
            if progress.total == 0 {
                return Ok(Outcome::Done);
            }
            let title = if automatic { "Duplicates merged automatically" } else { "Duplicates merged" };
            let set = changes::begin(&tx, changes::Kind::Merge, title, actor, cx.now()).await?;
            changes::written_by(&tx, set, cx.id()).await?;
            progress.change_set = Some(set);
        }
        tx.commit().await?;
        let Some(set) = progress.change_set else { return Ok(Outcome::Done) };
        let outcome = loop {
            cx.progress(&json!(progress)).await?;
            if cx.should_stop().await? {
                break Outcome::Stopped;
            }
            let tx = db.tenant(&scope).await?;
            let next = store::clusters::to_merge(&tx, bits, automatic, self.chosen.as_deref(), &progress.failed, BATCH).await?;
            tx.commit().await?;
            if next.is_empty() || progress.failed.len() >= MOST_FAILURES {
                break Outcome::Done;
            }
            for id in next {
                let tx = db.tenant(&scope).await?;
                changes::capture(&tx, set).await?;
                let merge = Merge { leads: &[], into: None, choices: &Choices::default() };
                match merge_cluster(&tx, id, merge, actor, cx.now()).await {
                    Ok(_) => {
                        tx.commit().await?;
                        progress.merged += 1;
                    }
                    // Not found: somebody decided about it meanwhile, or one of its leads has just gone. Whatever it is, this
                    // one is not tried again.
                    Err(MergeError::NotFound | MergeError::InFlight | MergeError::NotThese | MergeError::Write(_)) => {
                        progress.failed.push(id);
                    }
                    Err(MergeError::Db(error)) => return Err(error.into()),
                }
            }
            cx.state.feed.nudge();
        };
        let tx = db.tenant(&scope).await?;
        let kept = changes::finish_or_forget(&tx, set).await?;
        progress.change_set = Some(set).filter(|_| kept);
        learn(&tx, cx.now()).await?;
        tx.commit().await?;
        cx.progress(&json!(progress)).await?;
        Ok(outcome)
    }
}
