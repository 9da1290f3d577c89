use axum::{extract::State, response::Response};
use http_kit::{ApiPath, ApiQuery, App, Flash, PageForm, Problem, redirect};
use identity::{Can, LeadsRead, LeadsWrite, Member, Permission, Viewer};
use kernel::LeadId;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use ui::{Button, Field, Icon, Nav, Tab, Tone};

use super::{form::custom_text, show, timeline};
use crate::{
    actions::{delete_lead::delete_lead, update_lead::update_lead},
    changes,
    custom_fields::{self, Registry},
    model::{Lead, country},
    panels::LeadPanels,
    store::{
        self,
        timeline::{Theme, TimelineEvent},
    },
};

const EVENTS: i64 = 30;
const COLLEAGUES: i64 = 6;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    /// Events older than this one.
    before: Option<i64>,
    /// Which events: `mail`, `notes` or `changes`; anything else: all.
    events: String,
}

/// Everything a lead's page shows.
struct View {
    lead: Lead,
    members: Vec<Member>,
    fields: Registry,
    events: Vec<TimelineEvent>,
    colleagues: Vec<Lead>,
    colleague_count: i64,
    before: Option<i64>,
    theme: Theme,
    /// What later slices know about the lead: above the timeline, and beside it.
    main: Vec<Markup>,
    side: Vec<Markup>,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<LeadId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let lead = store::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let members = identity::members(&tx).await?;
    let fields = custom_fields::list(&tx).await?;
    let theme = Theme::of(&query.events);
    let events = store::timeline::read(&tx, id.uuid(), theme, query.before, EVENTS + 1).await?;
    let (mut colleagues, mut count) = (Vec::new(), 0);
    if let Some(account) = lead.account_id {
        (colleagues, count) = store::accounts::people(&tx, account, COLLEAGUES + 1).await?;
        colleagues.retain(|other| other.id != id);
        colleagues.truncate(usize::try_from(COLLEAGUES).unwrap_or(usize::MAX));
        count -= 1;
    }
    let (mut main, mut side) = (Vec::new(), Vec::new());
    if let Some(panels) = app.extension::<LeadPanels>() {
        main = LeadPanels::draw(&panels.main, &app, &tx, &viewer, &lead).await?;
        side = LeadPanels::draw(&panels.side, &app, &tx, &viewer, &lead).await?;
    }
    tx.commit().await?;
    let title = lead.display_name();
    let view = View { lead, members, fields, events, colleagues, colleague_count: count, before: query.before, theme, main, side };
    Ok(viewer.page(Nav::Leads, &title, render(&viewer, &view)))
}

fn render(viewer: &Viewer, view: &View) -> Markup {
    let lead = &view.lead;
    let (name, href) = (lead.display_name(), format!("/leads/{}", lead.id));
    let company = if lead.company_name.is_empty() { &lead.company_domain } else { &lead.company_name };
    let subtitle = match (lead.title.as_str(), company.as_str()) {
        ("", "") => String::new(),
        ("", company) => company.to_owned(),
        (title, "") => title.to_owned(),
        (title, company) => format!("{title} at {company}"),
    };
    let may_write = viewer.may(Permission::LeadsWrite);
    let actions = html! {
        @if may_write {
            (ui::more_menu("More actions", ui::menu_button(
                Icon::Trash, "Delete lead", &format!("{href}/delete"), Tone::Danger,
                &format!("Delete {name}? Fields, notes and places in campaigns go with the lead; what was sent stays in the reports. \
                    You can undo this for 30 days."),
            )))
            (Button::secondary("Edit").icon(Icon::Edit).href(format!("{href}/edit")).shortcut("e"))
        }
    };
    html! {
        (ui::page_header_under(&[("Leads", "/leads")], &name, &subtitle, actions))
        div #lead.stack data-live={ "lead:" (lead.id) } hx-get=(href) hx-trigger="live" hx-select="#lead" hx-swap="outerMorph" {
            (ui::split(
                html! {
                    @for panel in &view.main { (panel) }
                    section #timeline { (ui::card("Timeline", html! {}, events(view, &href))) }
                },
                html! {
                    (ui::card("Score", html! { (ui::score_badge(i64::from(lead.score))) }, score(lead)))
                    (ui::card("Status and owner", show::status(lead.status), work(viewer, lead, &view.members, &href, may_write)))
                    (ui::card("Details", html! {}, details(lead)))
                    @if !lead.custom.is_empty() { (ui::card("Custom fields", html! {}, custom(lead, &view.fields))) }
                    @if lead.account_id.is_some() || !company.is_empty() { (ui::card("Account", html! {}, account(view, company))) }
                    @for panel in &view.side { (panel) }
                },
            ))
        }
    }
}

fn events(view: &View, href: &str) -> Markup {
    let shown = usize::try_from(EVENTS).unwrap_or(usize::MAX);
    let older = if view.events.len() > shown { view.events.get(shown - 1).map(|event| event.seq) } else { None };
    let address = |theme: Theme, before: Option<i64>| match (theme, before) {
        (Theme::Everything, None) => href.to_owned(),
        (Theme::Everything, Some(seq)) => format!("{href}?before={seq}#timeline"),
        (theme, None) => format!("{href}?events={}#timeline", theme.as_str()),
        (theme, Some(seq)) => format!("{href}?events={}&before={seq}#timeline", theme.as_str()),
    };
    let hrefs = Theme::ALL.map(|theme| (theme, address(theme, None)));
    html! {
        (ui::tabs("Which events", &hrefs.each_ref().map(|(theme, href)| Tab::new(theme.label(), href, *theme == view.theme))))
        @if view.events.is_empty() { p.muted { @if view.theme == Theme::Everything { "Nothing has happened yet." } @else { "Nothing of this kind has happened." } } }
        (ui::timeline(html! { @for event in view.events.iter().take(shown) { (timeline::item(event, &view.members)) } }))
        @if older.is_some() || view.before.is_some() {
            (ui::button_row(html! {
                @if view.before.is_some() { (Button::secondary("Newest").small().href(address(view.theme, None))) }
                @if let Some(seq) = older { (Button::secondary("Older").small().href(address(view.theme, Some(seq)))) }
            }))
        }
    }
}

fn score(lead: &Lead) -> Markup {
    html! {
        @if lead.score_reasons.is_empty() { p.muted { "No rule gives this lead points yet." } }
        @else { (ui::score_reasons(i64::from(lead.score), &show::reasons(&lead.score_reasons))) }
    }
}

fn work(viewer: &Viewer, lead: &Lead, members: &[Member], href: &str, may_write: bool) -> Markup {
    if !may_write {
        let owner = lead.owner_id.and_then(|id| show::member(members, id));
        return ui::definition_list([("Owner", html! { @if let Some(name) = owner { (name) } })]);
    }
    let owner = lead.owner_id.map(|id| id.to_string()).unwrap_or_default();
    ui::stack(html! {
        form.form method="post" action={ (href) "/status" } data-auto-submit {
            (Field::select("status", "Status", show::status_options()).value(lead.status.as_str()))
            span data-without-script { (Button::secondary("Set status").small()) }
        }
        form.form method="post" action={ (href) "/owner" } data-auto-submit {
            (Field::select("owner_id", "Owner", show::owner_options(viewer, members)).value(owner))
            span data-without-script { (Button::secondary("Set owner").small()) }
        }
    })
}

fn details(lead: &Lead) -> Markup {
    let text = |text: &str| html! { (text) };
    // Only addresses that the model has checked become links.
    let safe = |url: &str| url.starts_with("https://") || url.starts_with("http://");
    let linkedin = html! {
        @if safe(&lead.linkedin_url) { a href=(lead.linkedin_url) rel="noopener noreferrer nofollow" target="_blank" { (lead.linkedin_url.trim_start_matches("https://").trim_start_matches("www.")) } }
        @else { (lead.linkedin_url) }
    };
    ui::definition_list([
        ("E-mail", html! { @if let Some(email) = &lead.email { a href={ "mailto:" (email) } { (email) } } }),
        ("Phone", html! { @if !lead.phone.is_empty() { a href={ "tel:" (lead.phone.replace(' ', "")) } { (lead.phone) } } }),
        ("Job title", text(&lead.title)),
        ("Seniority", text(&lead.seniority.replace('_', " "))),
        ("Department", text(&lead.department)),
        ("LinkedIn", linkedin),
        ("Country", show::country_of(&lead.country)),
        ("City", text(&lead.city)),
        ("Tags", html! { @if !lead.tags.is_empty() { (ui::tags(&lead.tags, 50)) } }),
        ("Source", text(&lead.source)),
        ("External id", text(&lead.external_id)),
        ("Added", ui::datetime(lead.created_at)),
        ("Changed", ui::ago(lead.updated_at)),
        ("Last activity", html! { @if let Some(at) = lead.last_activity_at { (ui::ago(at)) } }),
    ])
}

/// The organisation's own fields by what they are called and in their order; what has no field any more comes last, by its key.
fn custom(lead: &Lead, fields: &Registry) -> Markup {
    let known = fields.iter().filter_map(|field| Some((field.label.clone(), lead.custom.get(&field.key)?)));
    let others = lead.custom.iter().filter(|(key, _)| fields.get(key).is_none()).map(|(key, value)| (key.replace('_', " "), value));
    let said = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Bool(yes) => if *yes { "Yes" } else { "No" }.to_owned(),
        other => custom_text(other),
    };
    let facts: Vec<(String, String)> = known.chain(others).map(|(label, value)| (label, said(value))).collect();
    ui::definition_list(facts.iter().map(|(label, value)| (label.as_str(), html! { (value) })))
}

fn account(view: &View, company: &str) -> Markup {
    let lead = &view.lead;
    let mut facts = Vec::new();
    if !lead.industry.is_empty() {
        facts.push(lead.industry.clone());
    }
    facts.extend(lead.employee_count.map(|count| ui::plural(i64::from(count), "employee", "employees")));
    facts.extend(lead.annual_revenue.map(|revenue| format!("{} revenue", ui::compact(revenue))));
    if !lead.country.is_empty() {
        facts.push(country::name(&lead.country).to_owned());
    }
    let line = facts.join(" · ");
    let person = ui::person(company, (!line.is_empty()).then_some(line.as_str()));
    html! {
        @match lead.account_id {
            Some(id) => a href={ "/accounts/" (id) } { (person) },
            None => (person),
        }
        @if !view.colleagues.is_empty() {
            h3 { (ui::plural(view.colleague_count, "colleague", "colleagues")) }
            ul.stack { @for other in &view.colleagues {
                li { a href={ "/leads/" (other.id) } { (ui::person(&other.display_name(), (!other.title.is_empty()).then_some(other.title.as_str()))) } }
            } }
            @if let Some(id) = lead.account_id { @if view.colleague_count > COLLEAGUES { p { a href={ "/accounts/" (id) } { "All people" } } } }
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StatusForm {
    status: String,
}

pub(super) async fn set_status(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<LeadId>,
    form: PageForm<StatusForm>,
) -> Result<Response, Problem> {
    quick_change(&app, &viewer, id, &json!({ "status": form.value.status }), "Status changed.").await
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OwnerForm {
    owner_id: String,
}

pub(super) async fn set_owner(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<LeadId>,
    form: PageForm<OwnerForm>,
) -> Result<Response, Problem> {
    let owner = Some(form.value.owner_id).filter(|id| !id.is_empty());
    quick_change(&app, &viewer, id, &json!({ "owner_id": owner }), "Owner changed.").await
}

async fn quick_change(app: &App, viewer: &Viewer, id: LeadId, patch: &Value, said: &str) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    update_lead(&tx, id, patch, None, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/leads/{id}"), Some(Flash::success(said))))
}

pub(super) async fn delete(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(id): ApiPath<LeadId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let set = delete_lead(&tx, id, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect("/leads", Some(Flash::success("Lead deleted.").undo(changes::undo_path(set, &format!("/leads/{id}"))))))
}
