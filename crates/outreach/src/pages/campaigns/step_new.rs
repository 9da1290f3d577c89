use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{Answer, ApiPath, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{CampaignsWrite, Can, Viewer};
use kernel::{CampaignId, TemplateId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::Nav;

use super::step_form::{StepForm, form, from_template, own_errors};
use crate::{
    actions::set_steps,
    model::{Campaign, StepInput},
    store,
    templates::{self, mail_frame, variable_panel, variables},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    template: String,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<CampaignId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let position = store::steps::list(&tx, id).await?.len() + 1;
    let mut typed = StepForm::fresh(position);
    let template = query.template.parse::<TemplateId>().ok();
    if let Some(template) = template {
        let template = templates::store::find(&tx, template).await?.ok_or_else(Problem::not_found)?;
        typed = typed.with_text(template.content());
    }
    tx.commit().await?;
    render(&app, &viewer, id, &typed, template, None).await
}

/// Adds an e-mail at the end.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<CampaignId>,
    sent: PageForm<StepForm>,
) -> Result<Response, Problem> {
    let typed = sent.value;
    let idempotency = sent.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    let mut steps: Vec<StepInput> = store::steps::list(&tx, id).await?.into_iter().map(StepInput::from).collect();
    let index = steps.len();
    let saved = match typed.input(None) {
        Ok(step) => {
            steps.push(step);
            set_steps(&tx, viewer.actor(), id, steps, app.clock.now()).await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => {
            let to = format!("/campaigns/{id}");
            idempotency.finish(tx, Answer::see_other(&to)).await?;
            app.feed.nudge();
            Ok(redirect(&to, Some(Flash::success(format!("E-mail {} saved.", index + 1)))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            let problem = own_errors(problem, index);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, id, &typed, None, Some(&problem)).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(
    app: &App,
    viewer: &Viewer,
    id: CampaignId,
    typed: &StepForm,
    template: Option<TemplateId>,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaign: Campaign = store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let steps = store::steps::list(&tx, id).await?;
    let (custom, offered) = (variables::custom_fields(&tx).await?, templates::store::names(&tx).await?);
    tx.commit().await?;
    let address = format!("/campaigns/{id}");
    let title = format!("E-mail {}", steps.len() + 1);
    let content = html! {
        (ui::page_header_under(&[("Campaigns", "/campaigns"), (&campaign.name, &address)], &title, "", html! {}))
        (ui::split(
            html! {
                (ui::card("Template", html! {}, from_template(&format!("{address}/steps/new"), &offered, template)))
                (ui::card("Text", html! {}, form(&format!("{address}/steps"), steps.is_empty(), typed, problem)))
                (ui::card("Preview with examples", html! {}, mail_frame("step-preview", "Preview of the e-mail", "about:blank", false)))
            },
            ui::card("Variables", html! {}, variable_panel(&custom)),
        ))
    };
    Ok(viewer.page(Nav::Campaigns, &title, content))
}
