use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, FieldError, Flash, PageForm, Problem, ProblemKind, redirect};
use serde::Deserialize;

use super::{
    MaybeViewer,
    overview::{Refused, page},
};
use crate::{Engine, LogInError, Person, change_password, check_password, store::account};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct PasswordForm {
    current: String,
    password: String,
}

/// The present password is the proof that it is them; whoever has none gives a fresh one another way.
pub(super) async fn submit(
    State(app): State<App>,
    person: Person,
    viewer: MaybeViewer,
    form: PageForm<PasswordForm>,
) -> Result<Response, Problem> {
    person.require_second_factor()?;
    match change(&app, &person, form.value).await {
        Ok(()) => {
            Engine::of(&app)?.forget_person(person.principal.user);
            Ok(redirect("/account", Some(Flash::success("Your password is changed. Every other device was signed out."))))
        }
        Err(problem) => {
            let status = match problem.kind {
                ProblemKind::Invalid => StatusCode::UNPROCESSABLE_ENTITY,
                _ => return Err(problem),
            };
            let refused = Refused { form: "password", typed: "", problem: &problem };
            Ok((status, page(&app, &person, viewer, Some(&refused)).await?).into_response())
        }
    }
}

async fn change(app: &App, person: &Person, form: PasswordForm) -> Result<(), Problem> {
    let principal = &person.principal;
    if account::own(&app.db, principal.user).await?.has_password {
        check_password(app, &principal.email, form.current, &person.client).await.map_err(|error| match error {
            LogInError::Credentials => {
                Problem::invalid(vec![FieldError::new("/current", "password.wrong", "This is not your current password")])
            }
            other => other.into(),
        })?;
    } else {
        person.require_fresh(app)?;
    }
    Ok(change_password(app, principal.user, Some(person.session_id), form.password, &person.client).await?)
}
