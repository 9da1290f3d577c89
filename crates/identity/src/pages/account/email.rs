use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, redirect};
use serde::Deserialize;

use super::{
    MaybeViewer,
    overview::{Refused, page},
};
use crate::{ChangeEmailError, Person, change_email, keep_email, mailing::Via};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EmailForm {
    email: String,
}

/// Whoever takes over the address takes over the account, so this takes a fresh proof of who asks.
pub(super) async fn submit(
    State(app): State<App>,
    person: Person,
    viewer: MaybeViewer,
    form: PageForm<EmailForm>,
) -> Result<Response, Problem> {
    person.require_second_factor()?;
    person.require_fresh(&app)?;
    let typed = form.value.email.trim();
    let via = Via::Page { next: "/account".to_owned(), organisation: None };
    let status = match change_email(&app, person.principal.user, typed, via, None, &person.client).await {
        // Taken or not looks alike: it is nobody's business who has an account.
        Ok(()) | Err(ChangeEmailError::Taken) => {
            let flash = Flash::success(format!("If {typed} can be yours, a link is on its way there."));
            return Ok(redirect("/account", Some(flash)));
        }
        Err(error) => error,
    };
    let (status, error) = match status {
        error @ ChangeEmailError::Throttled(_) => (StatusCode::TOO_MANY_REQUESTS, error),
        error => (StatusCode::UNPROCESSABLE_ENTITY, error),
    };
    let problem = match Problem::from(error) {
        // Told at the field, like what is wrong with the address itself.
        problem if problem.errors.is_empty() && status == StatusCode::TOO_MANY_REQUESTS => {
            Problem { retry_after: problem.retry_after, ..Problem::field("/email", "email.often", problem.detail) }
        }
        problem if problem.errors.is_empty() => return Err(problem),
        problem => problem,
    };
    let refused = Refused { form: "email", typed, problem: &problem };
    Ok((status, page(&app, &person, viewer, Some(&refused)).await?).into_response())
}

pub(super) async fn keep(State(app): State<App>, person: Person) -> Result<Response, Problem> {
    keep_email(&app, person.principal.user).await?;
    Ok(redirect("/account", Some(Flash::success(format!("You go on signing in with {}.", person.principal.email)))))
}
