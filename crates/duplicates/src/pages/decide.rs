//! Merge, or not the same person.

use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite};
use kernel::{ClusterId, LeadId};
use serde::Deserialize;

use super::{
    progress::Nothing,
    side_by_side::{Which, refused},
    typed::Typed,
};
use crate::actions::{
    merge::{Merge, merge_one},
    reject,
    take_back_rejection::take_back_rejection,
};

pub(super) async fn merge(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ClusterId>,
    form: PageForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let typed = Typed::read(&form.value)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let merge = Merge { leads: &typed.leads, into: typed.into, choices: &typed.choices };
    let (lead, set) = match merge_one(&tx, id, merge, viewer.actor(), app.clock.now()).await {
        Ok(merged) => merged,
        Err(error) => {
            drop(tx);
            return refused(&app, &viewer, Which::Cluster(id), &typed, error.into()).await;
        }
    };
    tx.commit().await?;
    app.feed.nudge();
    let flash = Flash::success(format!("Merged into {}.", lead.display_name()))
        .link("Open", format!("/leads/{}", lead.id))
        .undo(leads::changes::undo_path(set, "/duplicates"));
    Ok(redirect("/duplicates", Some(flash)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RejectForm {
    /// Only this one is somebody else.
    only: Option<LeadId>,
}

pub(super) async fn reject(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ClusterId>,
    form: PageForm<RejectForm>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    reject::reject(&tx, id, form.value.only, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    let flash = Flash::success("Noted: they are different people. This pair does not come back.");
    Ok(redirect("/duplicates", Some(flash.undo(format!("/duplicates/{id}/reject/undo")))))
}

/// What the toast's Undo posts to.
pub(super) async fn undo_reject(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ClusterId>,
    _: PageForm<Nothing>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Err(error) = take_back_rejection(&tx, id, viewer.actor(), app.clock.now()).await {
        let problem = Problem::from(error);
        return match problem.kind {
            ProblemKind::Conflict => Ok(redirect("/duplicates", Some(Flash::error(problem.detail)))),
            _ => Err(problem),
        };
    }
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect("/duplicates", Some(Flash::success("Taken back: they are proposed again as they were."))))
}
