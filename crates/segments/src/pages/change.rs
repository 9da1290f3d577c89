use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{Answer, ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite, Viewer};
use kernel::{LeadId, SegmentId};
use serde::Deserialize;

use super::MOST_SELECTED;
use crate::{
    actions::{
        change_members::{Changed, change_members},
        delete::delete_segment,
        duplicate::duplicate_segment,
        update::update_segment,
    },
    model::{MemberAction, SegmentChange, Source},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Nothing {}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Selected {
    id: Vec<LeadId>,
}

/// Takes the selected leads out of a fixed segment.
pub(super) async fn members(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<SegmentId>,
    form: PageForm<Selected>,
) -> Result<Response, Problem> {
    let here = format!("/segments/{id}");
    if form.value.id.is_empty() || form.value.id.len() > MOST_SELECTED {
        return Ok(redirect(&here, Some(Flash::error(format!("Select 1 to {MOST_SELECTED} leads first.")))));
    }
    let tx = app.db.tenant(&viewer.scope).await?;
    let changed = change_members(&app, &tx, id, Source::Ids(form.value.id), MemberAction::Remove, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(match changed {
        Changed::Done(count) => redirect(&here, Some(Flash::success(format!("{} taken out.", ui::plural(count, "lead", "leads"))))),
        Changed::Started(job) => redirect(&format!("/segments/jobs/{}", job.0), None),
    })
}

pub(super) async fn duplicate(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<SegmentId>,
    form: PageForm<Nothing>,
) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay.into_response());
    }
    let copy = match duplicate_segment(&app, &tx, id, viewer.actor(), now).await.map_err(Problem::from) {
        Ok(copy) => copy,
        Err(problem) => return told(&format!("/segments/{id}"), problem),
    };
    let to = format!("/segments/{copy}/edit");
    idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
    app.feed.nudge();
    Ok(redirect(&to, Some(Flash::success("Copied. Give the copy its own name."))))
}

pub(super) async fn archive(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<SegmentId>) -> Result<Response, Problem> {
    set_archived(&app, &viewer, id, true, "Archived: it is no longer among the choices.").await
}

pub(super) async fn restore(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<SegmentId>) -> Result<Response, Problem> {
    set_archived(&app, &viewer, id, false, "Back from the archive.").await
}

async fn set_archived(app: &App, viewer: &Viewer, id: SegmentId, archived: bool, said: &str) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let change = SegmentChange { archived: Some(archived), ..SegmentChange::default() };
    update_segment(app, &tx, id, change, None, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/segments/{id}"), Some(Flash::success(said))))
}

pub(super) async fn delete(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<SegmentId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    match delete_segment(&tx, id, viewer.actor(), app.clock.now()).await.map_err(Problem::from) {
        Ok(()) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect("/segments", Some(Flash::success("Segment deleted. Its leads are as they were."))))
        }
        Err(problem) => told(&format!("/segments/{id}"), problem),
    }
}

/// What is not possible now is said where the person was; everything else is an error page.
fn told(here: &str, problem: Problem) -> Result<Response, Problem> {
    if problem.kind == ProblemKind::Conflict { Ok(redirect(here, Some(Flash::error(problem.detail)))) } else { Err(problem) }
}
