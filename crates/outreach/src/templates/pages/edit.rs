use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{ApiPath, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{CampaignsRead, CampaignsWrite, Can, Permission, Viewer};
use kernel::{LeadId, TemplateId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Tone, definition_list};

use super::{
    form::{TemplateForm, form},
    frame::mail_frame,
    variables::panel,
};
use crate::{
    pages::{
        check_list::{self, Line},
        lead_picker::{self, LeadPicker},
    },
    templates::{
        Template, TemplateChange, TemplatePreview,
        checks::{Check, Level},
        preview, store, update_template, variables,
    },
};

#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Query {
    lead: Option<LeadId>,
    /// Words to find a lead by.
    #[serde(default)]
    find: String,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<TemplateId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    render(&app, &viewer, id, &query, None).await
}

/// Saves a change and shows it as the same lead.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<TemplateId>,
    sent: PageForm<TemplateForm>,
) -> Result<Response, Problem> {
    let content = sent.value.content();
    let change =
        TemplateChange { name: Some(content.name), subject: Some(content.subject), html: Some(content.html), text: Some(content.text) };
    let tx = app.db.tenant(&viewer.scope).await?;
    let result = update_template(&tx, viewer.actor(), id, Some(sent.value.version), change, app.clock.now()).await;
    let lead = sent.value.lead.parse::<LeadId>().ok();
    match result.map_err(Problem::from) {
        Ok(_) => {
            tx.commit().await?;
            app.feed.nudge();
            let to = lead.map_or_else(|| format!("/templates/{id}"), |lead| format!("/templates/{id}?lead={lead}"));
            Ok(redirect(&to, Some(Flash::success("Template saved."))))
        }
        // What was typed is shown again either way: nothing a person wrote is lost.
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::PreconditionFailed) => {
            drop(tx);
            let query = Query { lead, find: String::new() };
            Ok((problem.kind.status(), render(&app, &viewer, id, &query, Some((&sent.value, &problem))).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(
    app: &App,
    viewer: &Viewer,
    id: TemplateId,
    query: &Query,
    refused: Option<(&TemplateForm, &Problem)>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let template = store::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let shown = preview(&tx, viewer, template.source(), query.lead).await?;
    let custom = variables::custom_fields(&tx).await?;
    let found = variables::search_recipients(&tx, &query.find).await?;
    tx.commit().await?;
    let lead = query.lead.map(|lead| lead.to_string()).unwrap_or_default();
    let saved = TemplateForm::of(template.content(), template.version, lead);
    let (typed, problem) = refused.map_or((&saved, None), |(typed, problem)| (typed, Some(problem)));
    let writes = viewer.may(Permission::CampaignsWrite);
    let address = format!("/templates/{id}");
    let content = html! {
        (ui::page_header_under(&[("Templates", "/templates")], &template.name, "", actions(&template, writes)))
        (ui::split(
            html! {
                @if writes { (ui::card("Text", html! {}, form(&address, typed, problem))) }
                (preview_card(&template, &shown, &address, query, &found, writes))
            },
            html! {
                (ui::card("Checks", html! {}, check_list::list(shown.checks.iter().map(line))))
                @if writes { (ui::card("Variables", html! {}, panel(&custom))) }
                (ui::card("About", html! {}, definition_list([
                    ("Changed", ui::ago(template.updated_at)),
                    ("Created", ui::date(template.created_at)),
                    ("Version", html! { (template.version) }),
                ])))
            },
        ))
    };
    Ok(viewer.page(Nav::Templates, &template.name, content))
}

fn actions(template: &Template, writes: bool) -> Markup {
    if !writes {
        return html! {};
    }
    let address = format!("/templates/{}", template.id);
    html! {
        (ui::more_menu("More about this template", html! {
            (ui::menu_button(Icon::Document, "Duplicate", &format!("{address}/duplicate"), Tone::Neutral, ""))
            (ui::menu_button(Icon::Trash, "Delete", &format!("{address}/delete"), Tone::Danger,
                &format!("Delete “{}”? Campaigns keep their copies of its text. This cannot be undone.", template.name)))
        }))
    }
}

fn preview_card(
    template: &Template,
    shown: &TemplatePreview,
    address: &str,
    query: &Query,
    found: &[variables::Recipient],
    writes: bool,
) -> Markup {
    let lead = query.lead.map(|lead| lead.to_string()).unwrap_or_default();
    let src = if lead.is_empty() { format!("{address}/preview") } else { format!("{address}/preview?lead={lead}") };
    let picker = LeadPicker { action: address, find: &query.find, chosen: shown.lead.as_ref(), found, keep: &[] };
    ui::card(
        "Preview",
        html! {},
        ui::stack(html! {
            (lead_picker::picker(&picker))
            @if let Some(error) = &shown.error { (ui::notice(Tone::Danger, error)) }
            (definition_list([
                ("To", recipient_line(shown.lead.as_ref())),
                ("Subject", html! { (shown.subject) }),
            ]))
            (mail_frame("template-preview", &format!("Preview of {}", template.name), &src, false))
            details { summary { "Plain text" } pre.mail-text tabindex="0" { (shown.text) } }
            @if writes && shown.error.is_none() {
                form method="post" action={ (address) "/test" } {
                    (ui::hidden("lead", &lead))
                    (Button::secondary("Send this to me").icon(Icon::Mail))
                }
            }
        }),
    )
}

fn recipient_line(lead: Option<&variables::Recipient>) -> Markup {
    let Some(lead) = lead else { return html! { "Ada Lovelace " span.muted { "an example" } } };
    html! { (lead.name) " " span.muted { (lead.email.as_deref().unwrap_or("no address: can be previewed, not mailed")) } }
}

fn line(check: &Check) -> Line<'_> {
    let tone = match check.level {
        Level::Pass => Tone::Success,
        Level::Warn => Tone::Warning,
        Level::Fail => Tone::Danger,
    };
    Line { tone, title: &check.title, details: check.details.iter().map(String::as_str).collect() }
}
