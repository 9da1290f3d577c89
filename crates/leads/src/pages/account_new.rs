//! An account made by hand.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{App, Flash, PageForm, Problem, redirect};
use identity::{Can, LeadsWrite, Viewer};
use maud::{Markup, html};
use ui::{Button, Nav};

use super::account::{AccountForm, fields};
use crate::actions::{WriteError, create_account::create_account};

pub(super) async fn new(viewer: Can<LeadsWrite>) -> Result<Markup, Problem> {
    Ok(page(&viewer, &AccountForm::default(), None))
}

pub(super) async fn create(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<AccountForm>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let outcome = match form.value.draft() {
        Ok(draft) => create_account(&tx, draft, viewer.actor(), app.clock.now()).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(account) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect(&format!("/accounts/{}", account.id), Some(Flash::success("Account created."))))
        }
        Err(error @ WriteError::Invalid(_)) => {
            let problem = Problem::from(error);
            Ok((problem.kind.status(), page(&viewer, &form.value, Some(&problem))).into_response())
        }
        Err(error) => Err(error.into()),
    }
}

fn page(viewer: &Viewer, form: &AccountForm, problem: Option<&Problem>) -> Markup {
    let content = html! {
        (ui::page_header_under(&[("Accounts", "/accounts")], "New account", "People of its domain belong to it as soon as they are added.", html! {}))
        (ui::card("Company", html! {}, html! {
            form.form.is-wide method="post" action="/accounts" novalidate {
                @if problem.is_some() { (ui::form_error("Some fields need a look before this can be saved.")) }
                (fields(form, problem))
                (ui::form_actions(html! { (Button::primary("Create account")) (Button::ghost("Cancel").href("/accounts")) }))
            }
        }))
    };
    viewer.page(Nav::Accounts, "New account", content)
}
