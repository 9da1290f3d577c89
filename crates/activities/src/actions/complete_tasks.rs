use std::collections::BTreeSet;

use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, TaskId};

use super::{ActivityError, update_task::update_task};
use crate::{model::TaskChange, store};

/// Ticks off several tasks (or puts them back to do); those that are gone are left out. Returns how many it changed.
pub(crate) async fn complete_tasks(tx: &TenantTx, ids: &[TaskId], done: bool, by: Actor, now: Timestamp) -> Result<i64, ActivityError> {
    let mut changed = 0;
    // In one order, so that two people who tick off the same tasks do not wait for each other.
    for id in ids.iter().collect::<BTreeSet<_>>() {
        let Some(task) = store::tasks::lock(tx, *id).await? else { continue };
        if task.done_at.is_some() == done {
            continue;
        }
        update_task(tx, *id, TaskChange { done: Some(done), ..TaskChange::default() }, None, by, now).await?;
        changed += 1;
    }
    Ok(changed)
}
