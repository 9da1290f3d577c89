use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use kernel::UserId;
use serde::Deserialize;

use crate::{
    Can, Engine, TeamWrite, Viewer,
    actions::{
        change_member::{MemberChange, change_member},
        remove_member,
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChangeForm {
    role: Option<String>,
    /// Empty: no team.
    team_id: Option<String>,
}

pub(super) async fn change(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<UserId>,
    form: PageForm<ChangeForm>,
) -> Result<Response, Problem> {
    let team_id = match form.value.team_id.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(text) => Some(Some(text.parse().map_err(|_| Problem::field("/team_id", "team.unknown", "There is no such team"))?)),
    };
    let tx = app.db.tenant(&viewer.scope).await?;
    let changed = change_member(&app, &tx, &viewer, id, MemberChange { role: form.value.role, team_id }, app.clock.now()).await;
    let flash = match changed {
        Ok(colleague) => {
            tx.commit().await?;
            Engine::of(&app)?.forget_people_of(viewer.org_id);
            Flash::success(format!("{} saved.", colleague.name))
        }
        Err(problem) => refusal(problem)?,
    };
    Ok(redirect("/settings/team", Some(flash)))
}

pub(super) async fn remove(State(app): State<App>, viewer: Can<TeamWrite>, ApiPath(id): ApiPath<UserId>) -> Result<Response, Problem> {
    let flash = match remove_member::remove_member(&app, &viewer, id).await {
        Ok(gone) => Flash::success(format!("{} does not belong to {} any more.", gone.name, viewer.org_name)),
        Err(problem) => refusal(problem)?,
    };
    Ok(redirect("/settings/team", Some(flash)))
}

pub(super) async fn leave(State(app): State<App>, viewer: Viewer) -> Result<Response, Problem> {
    match remove_member::leave(&app, &viewer).await {
        Ok(()) => Ok(redirect("/", Some(Flash::success(format!("You have left {}.", viewer.org_name))))),
        Err(problem) => Ok(redirect("/settings/team", Some(refusal(problem)?))),
    }
}

/// What a row of a table cannot show beside itself is said on the page; what has a remedy is not swallowed.
pub(crate) fn refusal(problem: Problem) -> Result<Flash, Problem> {
    match problem.kind {
        ProblemKind::Invalid | ProblemKind::Conflict => Ok(Flash::error(problem.detail)),
        ProblemKind::Forbidden if problem.remedy.is_none() => Ok(Flash::error(problem.detail)),
        _ => Err(problem),
    }
}
