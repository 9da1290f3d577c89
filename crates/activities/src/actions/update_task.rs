use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, TaskId};
use serde_json::json;

use super::{ActivityError, member, tell, user_of};
use crate::{
    model::{Task, TaskChange, clean_title},
    store::{self, tasks::Content},
};

/// Changes a task; done and to do again are changes, too. With `expected`, only if that is still its version.
pub(crate) async fn update_task(
    tx: &TenantTx,
    id: TaskId,
    change: TaskChange,
    expected: Option<i32>,
    by: Actor,
    now: Timestamp,
) -> Result<Task, ActivityError> {
    let before = store::tasks::lock(tx, id).await?.ok_or(ActivityError::NotFound)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(ActivityError::Changed);
    }
    let was = content(&before);
    let done = match change.done {
        Some(true) => was.done.or(Some((now, user_of(by)))),
        Some(false) => None,
        None => was.done,
    };
    let title = change.title.map_or_else(|| Ok(was.title.clone()), |title| clean_title(&title)).map_err(ActivityError::Invalid)?;
    let becomes = Content {
        title,
        due: change.due.unwrap_or(was.due),
        priority: change.priority.unwrap_or(was.priority),
        assignee_id: change.assignee_id.unwrap_or(was.assignee_id),
        done,
    };
    if becomes == was {
        return Ok(before);
    }
    if becomes.assignee_id != was.assignee_id {
        member(tx, becomes.assignee_id).await?;
    }
    let after = store::tasks::update(tx, id, &becomes, now).await?;
    let fields: Vec<&str> = [
        ("title", was.title != becomes.title),
        ("due", was.due != becomes.due),
        ("priority", was.priority != becomes.priority),
        ("assignee", was.assignee_id != becomes.assignee_id),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    if !fields.is_empty() {
        tell(tx, "task.changed", after.lead_id, by, now, json!({ "task_id": id, "fields": fields })).await?;
    }
    match (was.done, becomes.done) {
        (None, Some(_)) => tell(tx, "task.completed", after.lead_id, by, now, json!({ "task_id": id })).await?,
        (Some(_), None) => tell(tx, "task.reopened", after.lead_id, by, now, json!({ "task_id": id })).await?,
        _ => {}
    }
    Ok(after)
}

fn content(task: &Task) -> Content {
    Content {
        title: task.title.clone(),
        due: task.due,
        priority: task.priority,
        assignee_id: task.assignee_id,
        done: task.done_at.map(|at| (at, task.done_by)),
    }
}
