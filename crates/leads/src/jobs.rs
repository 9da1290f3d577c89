//! Background work of this slice.

use std::time::Instant;

use db::TenantTx;
use http_kit::{App, Problem};
use jiff::{SignedDuration, Timestamp};
use jobs::{Failure, Job, JobId, JobStatus, Outcome, Registry, Run};
use kernel::{Actor, ChangeSetId, LeadId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    actions::bulk::{BulkAction, Target, size, step, tell},
    changes::{self, SweepChanges, UndoChanges},
    custom_fields,
    export::{SweepExports, WriteExport},
    store::{self, bulk::Order},
};

/// Leads changed in one transaction.
const CHUNK: i64 = 2000;

/// Changes many leads, chunk by chunk in the order of their ids, as one change set. Its place moves in the transaction of
/// what it did, so it may be killed anywhere and nothing is done or counted twice.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BulkChange {
    pub(crate) target: Target,
    pub(crate) action: BulkAction,
    /// Who asked for it.
    pub(crate) actor: Option<UserId>,
    pub(crate) asked_at: Timestamp,
}

/// How far a [`BulkChange`] is; also where it goes on after a crash.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct BulkProgress {
    pub(crate) total: i64,
    pub(crate) seen: i64,
    pub(crate) changed: i64,
    pub(crate) last: Option<LeadId>,
    pub(crate) change_set: Option<ChangeSetId>,
    /// Whether it puts leads into a campaign, which is no change of theirs.
    pub(crate) enrols: bool,
    /// Milliseconds spent on what was seen: for the rate.
    pub(crate) spent_ms: u64,
}

impl BulkProgress {
    /// Leads a second, once there is something to tell.
    pub(crate) fn rate(&self) -> Option<i64> {
        let spent = i64::try_from(self.spent_ms).ok().filter(|spent| *spent > 0)?;
        Some((self.seen * 1000 / spent).max(1))
    }
}

impl Job for BulkChange {
    const KIND: &'static str = "leads.bulk_change";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let (app, scope) = (&cx.state, cx.scope()?);
        let actor = self.actor.map_or(Actor::System, Actor::User);
        let mut progress = earlier(&cx).await?;
        let target = match self.target.looked_up(app, &scope).await? {
            Ok(target) => target,
            Err(error) => {
                if let Some(set) = progress.change_set {
                    let tx = app.db.tenant(&scope).await?;
                    changes::finish_or_forget(&tx, set).await?;
                    tx.commit().await?;
                }
                return Err(Failure::give_up(format!("The filter cannot be used any more: {error}")));
            }
        };
        let order = Order { target: &target, action: &self.action, asked_at: self.asked_at, actor };
        loop {
            let begun = Instant::now();
            let stop = cx.should_stop().await?;
            let tx = app.db.tenant(&scope).await?;
            // The plan of a filter depends on its values, and this one is planned a few dozen times at most.
            tx.batch("SET LOCAL plan_cache_mode = force_custom_plan").await?;
            let set = match progress.change_set {
                Some(set) => {
                    changes::capture(&tx, set).await?;
                    set
                }
                None => {
                    progress.total = size(app, &scope, &target, self.asked_at).await?;
                    let title = self.action.title(&custom_fields::list(&tx).await?);
                    let set = changes::begin(&tx, self.action.kind(), &title, actor, cx.now()).await?;
                    changes::written_by(&tx, set, cx.id()).await?;
                    set
                }
            };
            progress.change_set = Some(set);
            progress.enrols = matches!(self.action, BulkAction::Enrol { .. });
            let chunk = if stop { store::bulk::Chunk::default() } else { step(app, &tx, &order, progress.last, CHUNK, cx.now()).await? };
            progress.seen += chunk.seen;
            progress.changed += chunk.changed;
            progress.last = chunk.last.or(progress.last);
            let is_over = stop || chunk.seen < CHUNK;
            if is_over {
                let kept = changes::finish_or_forget(&tx, set).await?;
                progress.change_set = Some(set).filter(|_| kept);
                let mut counts = json!({ "changed": progress.changed });
                if stop && let Some(counts) = counts.as_object_mut() {
                    counts.insert("stopped".to_owned(), json!(true));
                }
                tell(&tx, "leads.bulk_changed", &target, &self.action, counts, actor, cx.now()).await?;
            }
            progress.spent_ms += u64::try_from(begun.elapsed().as_millis()).unwrap_or_default().max(1);
            cx.progress_in(&tx, &json!(progress)).await?;
            tx.commit().await?;
            app.feed.nudge();
            if is_over {
                return Ok(if stop { Outcome::Stopped } else { Outcome::Done });
            }
        }
    }
}

/// How a bulk job is doing; not found when there is no such job here, or it is of another kind.
pub(crate) async fn bulk_status(tx: &TenantTx, id: JobId) -> Result<(JobStatus, BulkProgress), Problem> {
    let status = jobs::status(tx, id).await?.filter(|status| status.kind == BulkChange::KIND).ok_or_else(Problem::not_found)?;
    let progress = status.progress.clone().and_then(|progress| serde_json::from_value(progress).ok()).unwrap_or_default();
    Ok((status, progress))
}

/// Where an earlier run of the same job was.
async fn earlier(cx: &Run<App>) -> Result<BulkProgress, Failure> {
    let tx = cx.state.db.tenant(&cx.scope()?).await?;
    let status = jobs::status(&tx, cx.id()).await?;
    tx.commit().await?;
    Ok(status.and_then(|status| status.progress).and_then(|progress| serde_json::from_value(progress).ok()).unwrap_or_default())
}

/// This slice's jobs.
pub fn jobs(registry: Registry<App>) -> Registry<App> {
    registry
        .job::<BulkChange>()
        .job::<crate::custom_fields::jobs::IndexField>()
        .job::<crate::tags::CountTags>()
        .job::<UndoChanges>()
        .every(SignedDuration::from_hours(1), &SweepChanges {})
        .job::<WriteExport>()
        .every(SignedDuration::from_hours(1), &SweepExports {})
        .every(SignedDuration::from_hours(1), &crate::search::CountTerms {})
}
