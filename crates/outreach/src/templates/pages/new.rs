use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{Answer, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{CampaignsWrite, Can};
use maud::{Markup, html};
use ui::Nav;

use super::{
    form::{TemplateForm, form},
    frame::mail_frame,
    variables::panel,
};
use crate::templates::{create_template, variables};

pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsWrite>) -> Result<Markup, Problem> {
    render(&app, &viewer, &TemplateForm::default(), None).await
}

/// Saves a new template and opens it.
pub(super) async fn submit(State(app): State<App>, viewer: Can<CampaignsWrite>, sent: PageForm<TemplateForm>) -> Result<Response, Problem> {
    let idempotency = sent.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    match create_template(&tx, viewer.actor(), sent.value.content(), app.clock.now()).await.map_err(Problem::from) {
        Ok(template) => {
            let to = format!("/templates/{}", template.id);
            idempotency.finish(tx, Answer::see_other(&to)).await?;
            app.feed.nudge();
            Ok(redirect(&to, Some(Flash::success("Template saved. Look at it as one of your leads below."))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, &sent.value, Some(&problem)).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(app: &App, viewer: &identity::Viewer, typed: &TemplateForm, problem: Option<&Problem>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let custom = variables::custom_fields(&tx).await?;
    tx.commit().await?;
    let content = html! {
        (ui::page_header_under(&[("Templates", "/templates")], "New template", "A mail with variables, to be sent by campaigns.", html! {}))
        (ui::split(
            html! {
                (ui::card("Text", html! {}, form("/templates", typed, problem)))
                (ui::card("Preview with examples", html! {}, mail_frame("template-preview", "Preview of the template", "about:blank", false)))
            },
            ui::card("Variables", html! {}, panel(&custom)),
        ))
    };
    Ok(viewer.page(Nav::Templates, "New template", content))
}
