//! What the forms about views do.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{Answer, ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsRead};
use kernel::ViewId;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    filter::Filter,
    views::{
        Column, ViewDraft,
        actions::{choose::choose_default, create_view::create_view, delete_view::delete_view, update_view::update_view},
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    name: String,
    shared: bool,
    filter: String,
    q: String,
    sort: String,
    columns: String,
    /// The version that the person saw.
    version: Option<i32>,
    /// Not empty: the name and with whom it is shared change, what it asks for stays.
    rename: String,
}

impl Form {
    fn columns(&self) -> Vec<String> {
        Column::list(&[&self.columns]).iter().map(Column::to_string).collect()
    }
}

/// Back to the grid, with what was wrong. What the grid showed is in the address that the form came from.
fn refused(problem: Problem, back: &str) -> Result<Response, Problem> {
    match problem.kind {
        ProblemKind::Invalid | ProblemKind::Conflict | ProblemKind::PreconditionFailed | ProblemKind::Forbidden => {
            Ok(redirect(back, Some(Flash::error(problem.detail))))
        }
        _ => Err(problem),
    }
}

pub(super) async fn create(State(app): State<App>, viewer: Can<LeadsRead>, form: PageForm<Form>) -> Result<Response, Problem> {
    let (idempotency, now) = (form.idempotency.by(viewer.actor()), app.clock.now());
    let form = form.value;
    let columns = form.columns();
    let back = address(&form);
    let draft =
        ViewDraft { name: form.name, shared: form.shared, filter: Filter::parse(&form.filter)?, q: form.q, sort: form.sort, columns };
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay.into_response());
    }
    let view = match create_view(&app, &tx, &viewer, draft, now).await {
        Ok(view) => view,
        Err(error) => return refused(error.into(), &back),
    };
    let to = format!("/leads?view={}", view.id);
    idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
    let said = if view.shared { "View saved, and shared with everybody." } else { "View saved." };
    Ok(redirect(&to, Some(Flash::success(said))))
}

/// The grid as it was when the form was sent.
fn address(form: &Form) -> String {
    let pairs = [("filter", &form.filter), ("q", &form.q), ("sort", &form.sort), ("columns", &form.columns)];
    let said = pairs.into_iter().filter(|(_, value)| !value.is_empty());
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("view", "all").extend_pairs(said).finish();
    format!("/leads?{query}")
}

pub(super) async fn update(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<ViewId>,
    form: PageForm<Form>,
) -> Result<Response, Problem> {
    let form = form.value;
    let patch: Value = if form.rename.is_empty() {
        json!({ "filter": Filter::parse(&form.filter)?, "q": form.q, "sort": form.sort, "columns": form.columns() })
    } else {
        json!({ "name": form.name, "shared": form.shared })
    };
    let to = format!("/leads?view={id}");
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Err(error) = update_view(&app, &tx, &viewer, id, &patch, form.version, app.clock.now()).await {
        return refused(error.into(), &to);
    }
    tx.commit().await?;
    Ok(redirect(&to, Some(Flash::success("View saved."))))
}

pub(super) async fn delete(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<ViewId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let view = match delete_view(&app, &tx, &viewer, id, app.clock.now()).await {
        Ok(view) => view,
        Err(error) => return refused(error.into(), &format!("/leads?view={id}")),
    };
    tx.commit().await?;
    Ok(redirect("/leads", Some(Flash::success(format!("The view “{}” is deleted.", view.name)))))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DefaultForm {
    /// Empty: all leads.
    view: Option<ViewId>,
}

pub(super) async fn set_default(State(app): State<App>, viewer: Can<LeadsRead>, form: PageForm<DefaultForm>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    choose_default(&tx, &viewer, form.value.view).await.map_err(Problem::from)?;
    tx.commit().await?;
    let said =
        if form.value.view.is_some() { "Leads opens with this view from now on." } else { "Leads opens with all leads from now on." };
    Ok(redirect("/leads", Some(Flash::success(said))))
}
