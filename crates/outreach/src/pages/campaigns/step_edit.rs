use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{CampaignsRead, CampaignsWrite, Can, Permission, Viewer};
use kernel::{CampaignId, LeadId, StepId, TemplateId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Nav, Tone, definition_list};

use super::{
    step_form::{StepForm, form, from_template, own_errors},
    words,
};
use crate::{
    actions::{audience::population, preview, set_steps},
    model::{Campaign, CampaignStatus, Preview, Step, StepInput},
    pages::{lead_picker::LeadPicker, query::address},
    pages_store, store,
    templates::{self, mail_frame, variable_panel, variables},
};

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Query {
    lead: Option<LeadId>,
    /// Words to find a lead by.
    #[serde(default)]
    find: String,
    /// Whose text to put into the editor, unsaved.
    #[serde(default)]
    template: String,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath((id, step)): ApiPath<(CampaignId, StepId)>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    render(&app, &viewer, id, step, &query, None).await
}

/// Saves one e-mail of a draft.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath((id, step)): ApiPath<(CampaignId, StepId)>,
    sent: PageForm<StepForm>,
) -> Result<Response, Problem> {
    let typed = sent.value;
    let tx = app.db.tenant(&viewer.scope).await?;
    let before = store::steps::list(&tx, id).await?;
    let index = before.iter().position(|found| found.id == step).ok_or_else(Problem::not_found)?;
    let mut steps: Vec<StepInput> = before.into_iter().map(StepInput::from).collect();
    let saved = match (typed.input(Some(step)), steps.get_mut(index)) {
        (Ok(input), Some(slot)) => {
            *slot = input;
            set_steps(&tx, viewer.actor(), id, steps, app.clock.now()).await.map_err(Problem::from)
        }
        (Ok(_), None) => Err(Problem::not_found()),
        (Err(problem), _) => Err(problem),
    };
    let lead = typed.lead.parse::<LeadId>().ok();
    match saved {
        Ok(_) => {
            tx.commit().await?;
            app.feed.nudge();
            let lead = lead.map(|lead| lead.to_string()).unwrap_or_default();
            let to = address(&format!("/campaigns/{id}/steps/{step}"), &[("lead", &lead)]);
            Ok(redirect(&to, Some(Flash::success(format!("E-mail {} saved.", index + 1)))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            let problem = own_errors(problem, index);
            let query = Query { lead, ..Query::default() };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, id, step, &query, Some((&typed, &problem))).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(
    app: &App,
    viewer: &Viewer,
    id: CampaignId,
    step: StepId,
    query: &Query,
    refused: Option<(&StepForm, &Problem)>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaign = store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let steps = store::steps::list(&tx, id).await?;
    let step = steps.iter().find(|found| found.id == step).ok_or_else(Problem::not_found)?;
    let lead = match query.lead {
        Some(lead) => Some(variables::find_recipient(&tx, lead).await?.ok_or_else(Problem::not_found)?),
        None => match pages_store::first_of_audience(&tx, &population(&tx, &campaign).await?, app.clock.now()).await? {
            Some(lead) => variables::find_recipient(&tx, lead).await?,
            None => None,
        },
    };
    let shown = match &lead {
        Some(lead) => Some(preview(&tx, app, id, step.position, lead.id).await.map_err(Problem::from)),
        None => None,
    };
    let found = variables::search_recipients(&tx, &query.find).await?;
    let custom = variables::custom_fields(&tx).await?;
    let offered = templates::store::names(&tx).await?;
    let template = query.template.parse::<TemplateId>().ok();
    let mut saved = StepForm::of(step, lead.as_ref().map(|lead| lead.id.to_string()).unwrap_or_default());
    if let Some(template) = template {
        saved = saved.with_text(templates::store::find(&tx, template).await?.ok_or_else(Problem::not_found)?.content());
    }
    tx.commit().await?;

    let writes = viewer.may(Permission::CampaignsWrite) && campaign.status == CampaignStatus::Draft;
    let (typed, problem) = refused.map_or((&saved, None), |(typed, problem)| (typed, Some(problem)));
    let (above, here) = (format!("/campaigns/{id}"), format!("/campaigns/{id}/steps/{}", step.id));
    let title = format!("E-mail {}", step.position);
    let picker = LeadPicker { action: &here, find: &query.find, chosen: lead.as_ref(), found: &found, keep: &[] };
    let content = html! {
        (ui::page_header_under(&[("Campaigns", "/campaigns"), (&campaign.name, &above)], &title, &words::when(step.position, step.delay_minutes), html! {}))
        (ui::split(
            html! {
                @if writes {
                    (ui::card("Text", html! {}, form(&here, step.position == 1, typed, problem)))
                    @if template.is_some() && refused.is_none() { (ui::notice(Tone::Info, "The template's text is in the editor above and not saved yet.")) }
                }
                (ui::card("Preview", html! {}, ui::stack(html! {
                    (crate::pages::lead_picker::picker(&picker))
                    (preview_body(&campaign, step, &here, shown.as_ref()))
                })))
            },
            html! {
                @if writes {
                    (ui::card("Variables", html! {}, variable_panel(&custom)))
                    (ui::card("Template", html! {}, from_template(&here, &offered, template)))
                } @else {
                    (ui::card("About", html! {}, definition_list([("Subject", html! { (step.subject) }), ("Sent", html! { (words::when(step.position, step.delay_minutes)) })])))
                }
            },
        ))
    };
    Ok(viewer.page(Nav::Campaigns, &title, content))
}

fn preview_body(campaign: &Campaign, step: &Step, here: &str, shown: Option<&Result<Preview, Problem>>) -> Markup {
    let shown = match shown {
        Some(Ok(shown)) => shown,
        Some(Err(problem)) => return ui::notice(Tone::Danger, &problem.detail),
        None => {
            return ui::notice_with(
                Tone::Warning,
                "The audience is empty, so there is nobody to preview as. Find a lead above, or change the audience.",
                html! { (ui::Button::secondary("Change the audience").small().href(format!("/campaigns/{}", campaign.id))) },
            );
        }
    };
    html! {
        @for problem in &shown.problems { (ui::notice(Tone::Warning, problem)) }
        (definition_list([("From", html! { (shown.from) }), ("To", html! { (shown.to) }), ("Subject", html! { (shown.subject) })]))
        (mail_frame("step-preview", &format!("Preview of e-mail {}", step.position), &format!("{here}/preview?lead={}", shown.lead), false))
        details { summary { "Plain text" } pre.mail-text tabindex="0" { (shown.text) } }
    }
}
