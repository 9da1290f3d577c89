use http_kit::App;
use jiff::Timestamp;
use jobs::{Failure, Job, Outcome, Run};
use kernel::{Actor, LeadId, SegmentId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    actions::change_members::tell_of,
    model::{MemberAction, Source},
    store,
};

/// Leads put in or taken out in one transaction.
const CHUNK: i64 = 5000;

/// Changes many members, chunk by chunk in the order of their ids. Repeating a chunk changes nothing, so it may be
/// killed anywhere.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ChangeMembers {
    pub(crate) segment: SegmentId,
    pub(crate) source: Source,
    pub(crate) action: MemberAction,
    /// Who asked for it.
    pub(crate) actor: Option<UserId>,
    pub(crate) asked_at: Timestamp,
}

/// How far a [`ChangeMembers`] is; also where it goes on after a crash.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Progress {
    pub(crate) segment: SegmentId,
    pub(crate) action: MemberAction,
    pub(crate) total: i64,
    pub(crate) seen: i64,
    pub(crate) changed: i64,
    last: Option<LeadId>,
}

impl Job for ChangeMembers {
    const KIND: &'static str = "segments.change_members";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let (app, scope) = (&cx.state, cx.scope()?);
        let actor = self.actor.map_or(Actor::System, Actor::User);
        let mut progress = self.earlier(&cx).await?;
        let source = match self.source.clone() {
            // Whom its segments mean is looked up again: it was kept for a while.
            Source::Matching(filter) => {
                let filter = leads::filter::look_up(app, &scope, filter).await?;
                Source::Matching(filter.map_err(|error| Failure::give_up(format!("The filter cannot be used any more: {error}")))?)
            }
            other @ (Source::Ids(_) | Source::ChangeSet(_)) => other,
        };
        if progress.total == 0 {
            progress.total = store::members::size(&app.db, &scope, &source, i64::MAX - 1, self.asked_at).await?;
            cx.progress(&json!(progress)).await?;
        }
        loop {
            let stops = cx.should_stop().await?;
            let tx = app.db.tenant(&scope).await?;
            if store::segments::lock(&tx, self.segment).await?.is_none() {
                return Err(Failure::give_up("the segment is gone"));
            }
            let mut is_over = stops;
            if !stops {
                let (after, now) = (progress.last, cx.now());
                let chunk = store::members::apply(&tx, self.segment, &source, self.action, after, CHUNK, self.asked_at, now).await?;
                progress.seen += chunk.seen;
                progress.changed += chunk.changed;
                progress.last = chunk.last.or(progress.last);
                is_over = chunk.seen < CHUNK;
            }
            if is_over {
                let told = tell_of(&tx, self.segment, &source, self.action, progress.changed, actor, cx.now()).await;
                told.map_err(|error| Failure::retry(error.to_string()))?;
            }
            tx.commit().await?;
            app.feed.nudge();
            cx.progress(&json!(progress)).await?;
            if stops {
                return Ok(Outcome::Stopped);
            }
            if is_over {
                return Ok(Outcome::Done);
            }
        }
    }
}

impl ChangeMembers {
    /// Where an earlier run of the same job was.
    async fn earlier(&self, cx: &Run<App>) -> Result<Progress, Failure> {
        let tx = cx.state.db.tenant(&cx.scope()?).await?;
        let status = jobs::status(&tx, cx.id()).await?;
        tx.commit().await?;
        let known = status.and_then(|status| status.progress).and_then(|progress| serde_json::from_value(progress).ok());
        let fresh = Progress { segment: self.segment, action: self.action, total: 0, seen: 0, changed: 0, last: None };
        Ok(known.unwrap_or(fresh))
    }
}
