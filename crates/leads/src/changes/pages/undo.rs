use axum::{extract::State as Extract, response::Response};
use http_kit::{ApiPath, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite, gate};
use jobs::JobId;
use kernel::ChangeSetId;
use serde::Deserialize;

use crate::changes::{State, UndoChanges, Undoing, store, undo as act};
use jobs::Job;

/// A form of a button alone.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    /// Where the person was, for a small set that is undone at once.
    back: String,
}

/// Undoes it: the button of the pages and of the toast.
pub(super) async fn undo(
    Extract(app): Extract<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ChangeSetId>,
    ApiQuery(query): ApiQuery<Query>,
    _: PageForm<Nothing>,
) -> Result<Response, Problem> {
    let here = format!("/changes/{id}");
    let tx = app.db.tenant(&viewer.scope).await?;
    let undoing = match act(&tx, id, viewer.actor(), app.clock.now()).await {
        Ok(undoing) => undoing,
        Err(problem) if problem.kind == ProblemKind::Conflict => return Ok(redirect(&here, Some(Flash::error(problem.detail)))),
        Err(problem) => return Err(problem),
    };
    tx.commit().await?;
    app.feed.nudge();
    Ok(match undoing {
        Undoing::Started(_) => redirect(&here, Some(Flash::success("Undoing has begun. You can leave this page; the work goes on."))),
        Undoing::Done(set) if set.state == State::PartlyUndone => {
            let said = format!(
                "{} put back; {} left as they are, because they were changed since.",
                ui::plural(set.undo_done, "row", "rows"),
                ui::plural(set.undo_conflicts, "row", "rows")
            );
            redirect(&here, Some(Flash::error(said)))
        }
        Undoing::Done(set) => {
            let said = Flash::success(format!("Undone: {} put back.", ui::plural(set.undo_done, "row", "rows")));
            // Only a path of ours: whoever wrote the address of the form may not send people elsewhere.
            let to = if query.back.is_empty() { here.as_str() } else { gate::own_path(&query.back) };
            redirect(to, Some(said.link("View", here.as_str())))
        }
    })
}

/// Asks an undoing to stop.
pub(super) async fn stop(
    Extract(app): Extract<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ChangeSetId>,
    _: PageForm<Nothing>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let set = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    if let (State::Undoing, Some(job)) = (set.state, set.job_id)
        && jobs::status(&tx, JobId(job)).await?.is_some_and(|status| status.kind == UndoChanges::KIND)
    {
        jobs::request_stop(&tx, JobId(job)).await?;
    }
    tx.commit().await?;
    Ok(redirect(&format!("/changes/{id}"), None))
}
