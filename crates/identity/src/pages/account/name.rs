use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use serde::Deserialize;

use super::{
    MaybeViewer,
    overview::{Refused, page},
};
use crate::{Engine, Person, set_name};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct NameForm {
    name: String,
}

pub(super) async fn submit(
    State(app): State<App>,
    person: Person,
    viewer: MaybeViewer,
    form: PageForm<NameForm>,
) -> Result<Response, Problem> {
    let user = person.principal.user;
    match set_name(&app, user, &form.value.name, &person.client).await {
        Ok(name) => {
            Engine::of(&app)?.forget_person(user);
            Ok(redirect("/account", Some(Flash::success(format!("You are {name} now.")))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let refused = Refused { form: "name", typed: &form.value.name, problem: &problem };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &person, viewer, Some(&refused)).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}
