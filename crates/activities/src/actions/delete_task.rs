use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, TaskId};
use serde_json::json;

use super::{ActivityError, tell};
use crate::{model::Task, store};

/// Deletes a task for good.
pub(crate) async fn delete_task(tx: &TenantTx, id: TaskId, by: Actor, now: Timestamp) -> Result<Task, ActivityError> {
    let task = store::tasks::lock(tx, id).await?.ok_or(ActivityError::NotFound)?;
    store::tasks::delete(tx, id).await?;
    tell(tx, "task.deleted", task.lead_id, by, now, json!({ "task_id": id })).await?;
    Ok(task)
}
