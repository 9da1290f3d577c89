use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{Answer, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{CampaignsWrite, Can, Viewer};
use leads::filter::Filter;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use ui::{Button, Nav};

use super::{
    audience_card,
    settings_form::{SettingsForm, fields},
};
use crate::actions::create_campaign;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    /// The filter language as JSON: "use current filter" of the leads grid.
    filter: String,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsWrite>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    render(&app, &viewer, &SettingsForm::fresh(&viewer, query.filter), None).await
}

/// Makes a draft and opens it.
pub(super) async fn submit(State(app): State<App>, viewer: Can<CampaignsWrite>, sent: PageForm<SettingsForm>) -> Result<Response, Problem> {
    let typed = sent.value;
    let idempotency = sent.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay.into_response());
    }
    let filter = Filter::parse(&typed.filter)?;
    let made = match typed.new_campaign((!filter.is_empty()).then(|| Value::from(filter))) {
        Ok(new) => create_campaign(&tx, viewer.actor(), new, app.clock.now()).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match made {
        Ok(campaign) => {
            let to = format!("/campaigns/{}", campaign.id);
            idempotency.finish(tx, Answer::see_other(&to)).await?;
            app.feed.nudge();
            Ok(redirect(&to, Some(Flash::success("Draft made. Now write its e-mails."))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, &typed, Some(&problem)).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(app: &App, viewer: &Viewer, typed: &SettingsForm, problem: Option<&Problem>) -> Result<Markup, Problem> {
    let filter = Filter::parse(&typed.filter)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let audience = audience_card::load(&tx, filter, app.clock.now()).await?;
    tx.commit().await?;
    let content = html! {
        (ui::page_header_under(&[("Campaigns", "/campaigns")], "New campaign", "Nothing is sent before you launch it.", html! {}))
        (ui::split(
            ui::card("Campaign", html! {}, html! {
                form.stack method="post" action="/campaigns" {
                    (fields(typed, problem))
                    (ui::hidden("filter", &typed.filter))
                    (ui::form_actions(html! { (Button::primary("Make the draft")) }))
                }
            }),
            ui::card("Audience", html! {}, ui::stack(html! {
                (audience.chips("/campaigns/new"))
                (audience.size("/campaigns/new"))
                // Changing it here would lose what was typed beside it.
                p.muted { "You can narrow it down in the draft, before anything is sent." }
            })),
        ))
    };
    Ok(viewer.page(Nav::Campaigns, "New campaign", content))
}
