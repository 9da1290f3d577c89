//! Undoing many changes, and forgetting those that are too old for it.

use db::Scope;
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::{Actor, ChangeSetId, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{State, store, undo};

/// Rows of one transaction, and of one statement in it.
const CHUNK: i64 = 4000;
/// Old changes forgotten in one transaction.
const SWEPT: i64 = 20_000;

/// Undoes a change set, backwards. Its place moves in the transaction of what it did, so it may be killed anywhere.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct UndoChanges {
    pub(crate) change_set: ChangeSetId,
    /// Who asked for it.
    pub(crate) actor: Option<UserId>,
}

impl Job for UndoChanges {
    const KIND: &'static str = "leads.undo_changes";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let (app, scope, id) = (&cx.state, cx.scope()?, self.change_set);
        let actor = self.actor.map_or(Actor::System, Actor::User);
        loop {
            let stop = cx.should_stop().await?;
            let tx = app.db.tenant(&scope).await?;
            let set = store::lock(&tx, id).await?.ok_or_else(|| Failure::give_up("the change set is not there any more"))?;
            if set.state != State::Undoing {
                return Ok(Outcome::Done);
            }
            if stop {
                undo::end(&tx, id, true, actor, cx.now()).await?;
                tx.commit().await?;
                return Ok(Outcome::Stopped);
            }
            // Where changes of many kinds take turns, a statement undoes few of them: several make a transaction.
            let (mut seen, mut is_over) = (0, false);
            while seen < CHUNK && !is_over {
                let step = store::step(&tx, id, actor, cx.now(), CHUNK).await?;
                seen += step;
                is_over = step == 0;
            }
            if is_over {
                undo::end(&tx, id, false, actor, cx.now()).await?;
            }
            // What stands in the change set is the place; here it fences: a run that lost its lease commits nothing.
            cx.progress_in(&tx, &json!({ "seen": set.undo_seen + seen, "total": set.rows() })).await?;
            tx.commit().await?;
            app.feed.nudge();
            if is_over {
                return Ok(Outcome::Done);
            }
        }
    }
}

/// Forgets change sets that cannot be undone any more.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SweepChanges {}

impl Job for SweepChanges {
    const KIND: &'static str = "leads.sweep_changes";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let db = &cx.state.db;
        for org in store::expired(db, cx.now()).await? {
            // What rows were like is personal data: each organisation's own transaction looks at them.
            let mut is_over = false;
            while !is_over {
                if cx.should_stop().await? {
                    return Ok(Outcome::Stopped);
                }
                let tx = db.tenant(&Scope::whole(org)).await?;
                is_over = store::sweep(&tx, cx.now(), SWEPT).await? == 0;
                tx.commit().await?;
            }
        }
        Ok(Outcome::Done)
    }
}
