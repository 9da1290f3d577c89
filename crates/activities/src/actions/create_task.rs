use db::TenantTx;
use jiff::Timestamp;
use kernel::Actor;
use serde_json::json;

use super::{ActivityError, lead, member, tell, user_of};
use crate::{
    model::{NewTask, Task, clean_title},
    store::{self, tasks::Content},
};

/// Makes a task about a lead: for whoever makes it unless it names somebody, or nobody.
pub(crate) async fn create_task(tx: &TenantTx, new: NewTask, by: Actor, now: Timestamp) -> Result<Task, ActivityError> {
    let title = clean_title(&new.title).map_err(ActivityError::Invalid)?;
    let assignee_id = new.assignee_id.unwrap_or_else(|| user_of(by));
    lead(tx, new.lead_id).await?;
    member(tx, assignee_id).await?;
    let content = Content { title, due: new.due, priority: new.priority, assignee_id, done: None };
    let task = store::tasks::insert(tx, new.lead_id, &content, user_of(by), now).await?;
    let payload = json!({ "task_id": task.id, "assignee": assignee_id.map(|id| id.uuid().to_string()), "due": task.due });
    tell(tx, "task.created", new.lead_id, by, now, payload).await?;
    Ok(task)
}
