//! Ways in, added to and taken from one's own account.

use axum::{extract::State, response::Response};
use http::{HeaderMap, header};
use http_kit::{ApiPath, App, Chrome, Flash, Problem, ProblemKind, redirect};
use identity::Person;
use kernel::{ConnectionId, Uuid};

use super::leave::{onward, refused, throttle};
use crate::{
    actions::remove_identity::remove_identity,
    cookie,
    provider::{Provider, ProviderKey},
    visit::{self, NewVisit},
};

/// `POST /account/identities/with/{provider}`: a POST, because another site must not begin it: who
/// had signed their victim in at the provider as themselves would own the account.
pub(super) async fn connect(
    State(app): State<App>,
    person: Person,
    chrome: Chrome,
    headers: HeaderMap,
    ApiPath(name): ApiPath<String>,
) -> Result<Response, Problem> {
    throttle(&app, &person.client).await?;
    person.require_second_factor()?;
    if person.require_fresh(&app).is_err() {
        return Ok(redirect("/login/confirm?next=%2Faccount", None));
    }
    let connection = || name.parse::<ConnectionId>().ok().map(ProviderKey::Connection);
    let key = name.parse().ok().or_else(connection).ok_or_else(Problem::not_found)?;
    let provider = Provider::find(&app, key).await?.ok_or_else(Problem::not_found)?;
    let belongs = |home: &crate::provider::Home| person.principal.organisations.iter().any(|(org, _)| *org == home.org);
    if !provider.home.as_ref().is_none_or(belongs) {
        return Err(Problem::not_found());
    }
    let mark = cookie::mark(&headers, &app.config);
    let visit = NewVisit { browser: Some(&mark), redirect_to: "/account", link_user: Some(person.principal.user), ..NewVisit::default() };
    let to = visit::begin(&app, &provider, visit).await.map_err(|error| refused(&provider, error))?;
    let mut response = onward(&chrome, &provider.label, &to);
    response.headers_mut().append(header::SET_COOKIE, cookie::set(&mark, &app.config));
    Ok(response)
}

/// `POST /account/identities/{id}/remove`.
pub(super) async fn remove(State(app): State<App>, person: Person, ApiPath(id): ApiPath<Uuid>) -> Result<Response, Problem> {
    person.require_second_factor()?;
    if person.require_fresh(&app).is_err() {
        return Ok(redirect("/login/confirm?next=%2Faccount", None));
    }
    match remove_identity(&app, &person, id).await.map_err(Problem::from) {
        Ok(()) => Ok(redirect("/account", Some(Flash::success("Removed: nobody signs in to your account that way any more.")))),
        Err(problem) if problem.kind == ProblemKind::Conflict => Ok(redirect("/account", Some(Flash::error(problem.detail)))),
        Err(problem) => Err(problem),
    }
}
