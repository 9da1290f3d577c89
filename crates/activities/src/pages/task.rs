use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{Answer, ApiPath, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite, Viewer};
use kernel::{LeadId, TaskId};
use maud::Markup;
use serde::Deserialize;

use super::{
    back::back,
    task_form::{Editor, TaskForm},
};
use crate::{
    actions::{complete_tasks::complete_tasks, create_task::create_task, delete_task::delete_task, update_task::update_task},
    model::{NewTask, TaskChange},
    store,
};

/// Tasks that one press can tick off.
const MOST: usize = 200;

pub(super) async fn add(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(lead): ApiPath<LeadId>,
    form: PageForm<TaskForm>,
) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let (now, typed) = (app.clock.now(), form.value);
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay.into_response());
    }
    let new = typed.due().and_then(|due| {
        let assignee_id = Some(typed.assignee()?);
        Ok(NewTask { lead_id: lead, title: typed.title.clone(), due, priority: typed.priority(), assignee_id })
    });
    let made = match new {
        Ok(new) => create_task(&tx, new, viewer.actor(), now).await.map_err(Problem::from),
        Err(error) => Err(Problem::invalid(vec![error])),
    };
    match made {
        Ok(_) => {
            let to = format!("/leads/{lead}#tasks");
            idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
            app.feed.nudge();
            Ok(redirect(&to, Some(Flash::success("Task added."))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            let page = editor(&app, &viewer, lead, None, &typed, Some(&problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct EditQuery {
    back: String,
}

pub(super) async fn edit(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<TaskId>,
    ApiQuery(query): ApiQuery<EditQuery>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let task = store::tasks::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    editor(&app, &viewer, task.lead_id, Some(id), &TaskForm::of(&task, &query.back), None).await
}

pub(super) async fn save(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<TaskId>,
    form: PageForm<TaskForm>,
) -> Result<Response, Problem> {
    let typed = form.value;
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = store::tasks::get(&tx, id).await?.ok_or_else(Problem::not_found)?.lead_id;
    let expected = (typed.version > 0).then_some(typed.version);
    let saved = match typed.change() {
        Ok(change) => update_task(&tx, id, change, expected, viewer.actor(), app.clock.now()).await.map_err(Problem::from),
        Err(error) => Err(Problem::invalid(vec![error])),
    };
    match saved {
        Ok(_) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect(&back(&typed.back, Some(lead)), Some(Flash::success("Task saved."))))
        }
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::PreconditionFailed) => {
            drop(tx);
            let page = editor(&app, &viewer, lead, Some(id), &typed, Some(&problem)).await?;
            Ok((problem.kind.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn editor(
    app: &App,
    viewer: &Viewer,
    lead: LeadId,
    task: Option<TaskId>,
    typed: &TaskForm,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let about = leads::get(&tx, lead).await?.ok_or_else(Problem::not_found)?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let (lead_href, lead_name) = (format!("/leads/{lead}"), about.display_name());
    let action = task.map_or_else(|| format!("{lead_href}/tasks"), |id| format!("/tasks/{id}/edit"));
    let title = if task.is_some() { "Edit task" } else { "New task" };
    let editor = Editor { title, action: &action, task, lead_href: &lead_href, lead_name: &lead_name, typed, problem };
    Ok(editor.page(viewer, &members, &back(&typed.back, Some(lead))))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DoneForm {
    id: Vec<TaskId>,
    /// The one task whose own button was pressed, whatever else is selected.
    only: Option<TaskId>,
    back: String,
}

/// Ticks off the selected tasks, or one.
pub(super) async fn complete(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<DoneForm>) -> Result<Response, Problem> {
    let to = back(&form.value.back, None);
    let ids = form.value.only.map_or(form.value.id, |only| vec![only]);
    if ids.is_empty() || ids.len() > MOST {
        return Ok(redirect(&to, Some(Flash::error("Select 1 to 200 tasks first."))));
    }
    let tx = app.db.tenant(&viewer.scope).await?;
    let done = complete_tasks(&tx, &ids, true, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    let said = match (done, ids.as_slice()) {
        (0, _) => Flash::success("Nothing to do: it was done already."),
        (1, [one]) => Flash::success("Task done.").undo(reopening(*one, &to)),
        (many, _) => Flash::success(format!("{} done.", ui::plural(many, "task", "tasks"))).link("Show them", "/tasks?state=done"),
    };
    Ok(redirect(&to, Some(said)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BackForm {
    back: String,
}

/// The address that takes ticking off back, and leads back to where that was done.
fn reopening(id: TaskId, back: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("back", back).finish();
    format!("/tasks/{id}/reopen?{query}")
}

/// A toast's button says in its address where to go back to, a form in a field.
pub(super) async fn reopen(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<TaskId>,
    ApiQuery(query): ApiQuery<BackForm>,
    form: PageForm<BackForm>,
) -> Result<Response, Problem> {
    let from = if form.value.back.is_empty() { query.back } else { form.value.back };
    let tx = app.db.tenant(&viewer.scope).await?;
    let change = TaskChange { done: Some(false), ..TaskChange::default() };
    let task = update_task(&tx, id, change, None, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&back(&from, Some(task.lead_id)), Some(Flash::success("The task is to do again."))))
}

pub(super) async fn delete(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<TaskId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let task = delete_task(&tx, id, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/leads/{}#tasks", task.lead_id), Some(Flash::success("Task deleted."))))
}
