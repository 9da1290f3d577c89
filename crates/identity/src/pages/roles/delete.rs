use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, redirect};
use serde::Deserialize;

use super::form::key;
use crate::{Can, Engine, TeamWrite, actions::roles::delete_role, pages::team::refusal};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DeleteForm {
    replacement: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<String>,
    form: PageForm<DeleteForm>,
) -> Result<Response, Problem> {
    let key = key(&id)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    match delete_role(&app, &tx, &viewer, key, Some(&form.value.replacement), app.clock.now()).await {
        Ok(()) => {
            tx.commit().await?;
            Engine::of(&app)?.forget_people_of(viewer.org_id);
            Ok(redirect("/settings/roles", Some(Flash::success("Role deleted."))))
        }
        Err(problem) => Ok(redirect(&format!("/settings/roles/{key}"), Some(refusal(problem)?))),
    }
}

/// Where whoever had to prove themselves first comes back to.
pub(super) async fn back(ApiPath(id): ApiPath<String>) -> Result<Response, Problem> {
    Ok(redirect(&format!("/settings/roles/{}", key(&id)?), None))
}
