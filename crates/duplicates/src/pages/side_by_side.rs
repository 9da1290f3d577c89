//! The leads of a cluster beside each other: whose value stays.

use std::collections::HashMap;

use axum::{extract::State, response::Response};
use db::TenantTx;
use http_kit::{ApiPath, App, FieldError, PageForm, Problem};
use identity::{Can, LeadsRead, LeadsWrite, Member, Permission, Viewer};
use kernel::{ClusterId, LeadId};
use leads::Lead;
use maud::{Markup, html};
use serde_json::{Value, json};
use ui::{Button, Icon, Nav, Tone, table};

use super::show;
use crate::{
    actions::{
        choose::{self, Choices, Field},
        merge::is_silent,
    },
    store::{self, clusters::StoredCluster, pairs::Pair, settings::Settings},
};

/// What a form of this page says.
#[derive(Debug, Default)]
pub(super) struct Typed {
    /// Which are the same person; none named: all.
    pub(super) leads: Vec<LeadId>,
    pub(super) into: Option<LeadId>,
    pub(super) choices: Choices,
}

impl Typed {
    pub(super) fn read(pairs: &[(String, String)]) -> Result<Self, Problem> {
        let mut typed = Self::default();
        for (name, value) in pairs {
            let id = || {
                value.parse::<LeadId>().map_err(|_| {
                    Problem::invalid(vec![FieldError::new(format!("/{name}"), "invalid", "Choose one of the leads of this page")])
                })
            };
            match name.as_str() {
                "lead" => typed.leads.push(id()?),
                "into" => typed.into = Some(id()?),
                name => match (name.strip_prefix("custom."), Field::ALL.into_iter().find(|field| field.as_str() == name)) {
                    (Some(key), _) => {
                        typed.choices.custom.insert(key.to_owned(), id()?);
                    }
                    (None, Some(field)) => {
                        typed.choices.fields.insert(field, id()?);
                    }
                    // A submit button's own name.
                    (None, None) => {}
                },
            }
        }
        Ok(typed)
    }
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<ClusterId>) -> Result<Markup, Problem> {
    render(&app, &viewer, id, &Typed::default()).await
}

/// The same page with what was chosen and what would come of it; nothing is saved.
pub(super) async fn preview(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ClusterId>,
    form: PageForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    use axum::response::IntoResponse;
    let typed = Typed::read(&form.value)?;
    Ok(render(&app, &viewer, id, &typed).await?.into_response())
}

/// Everything the page is drawn from.
struct View<'a> {
    viewer: &'a Viewer,
    cluster: StoredCluster,
    leads: Vec<Lead>,
    pairs: Vec<Pair>,
    members: Vec<Member>,
    settings: Settings,
    typed: &'a Typed,
    silent: bool,
}

async fn render(app: &App, viewer: &Viewer, id: ClusterId, typed: &Typed) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let view = load(&tx, viewer, id, typed).await?;
    tx.commit().await?;
    let name = view.leads.first().map(Lead::display_name).unwrap_or_default();
    let title = format!("{name}: {}", ui::plural(i64::try_from(view.leads.len()).unwrap_or_default(), "lead", "leads"));
    let content = html! {
        (ui::page_header_under(&[("Duplicates", "/duplicates")], &title, "Choose whose value stays in each line. Tags and custom fields are united.", html! {
            (show::probability(view.settings.calibration.probability(view.cluster.bits)))
        }))
        @if view.cluster.by_hand { (ui::notice(Tone::Warning, "A merge of some of these was undone. They are merged again only by hand.")) }
        @if view.silent { (ui::notice(Tone::Warning, "One of them has asked not to be written to. The merged lead stays unsubscribed, whichever status or address is chosen.")) }
        (ui::stack(html! { (compare(&view)) (ui::card("Why", html! {}, why(&view))) }))
    };
    Ok(viewer.page(Nav::Duplicates, &title, content))
}

async fn load<'a>(tx: &TenantTx, viewer: &'a Viewer, id: ClusterId, typed: &'a Typed) -> Result<View<'a>, Problem> {
    let cluster = store::clusters::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    let leads = leads::get_many(tx, &cluster.leads).await?;
    // Merged or deleted a moment ago, and not noticed yet.
    if leads.len() < 2 {
        return Err(Problem::not_found());
    }
    let silent = is_silent(tx, &leads).await? || leads.iter().any(|lead| lead.status == leads::Status::Unsubscribed);
    Ok(View {
        viewer,
        pairs: store::pairs::within(tx, &cluster.leads).await?,
        members: identity::members(tx).await?,
        settings: store::settings::get(tx).await?,
        cluster,
        leads,
        typed,
        silent,
    })
}

fn compare(view: &View<'_>) -> Markup {
    let may_write = view.viewer.may(Permission::LeadsWrite);
    let href = format!("/duplicates/{}", view.cluster.id);
    let into = view.typed.into.or_else(|| choose::survivor(&view.leads));
    let kept = |lead: &Lead| view.typed.leads.is_empty() || view.typed.leads.contains(&lead.id);
    let meant: Vec<Lead> = view.leads.iter().filter(|lead| kept(lead)).cloned().collect();
    let result = choose::patch(&meant, &view.typed.choices, view.silent);
    let members: HashMap<String, &str> = view.members.iter().map(|member| (member.id.to_string(), member.name.as_str())).collect();
    let drafts: Vec<Value> = view.leads.iter().map(|lead| json!(lead.draft())).collect();
    html! {
        form.stack #compare method="post" action={ (href) "/merge" }
            hx-post={ (href) "/preview" } hx-trigger="change" hx-target="#compare" hx-select="#compare" hx-swap="outerMorph" {
            (table::wrap("Side by side", html! {
                table.table {
                    thead { tr {
                        (table::th("Field"))
                        @for lead in &view.leads { th scope="col" { a href={ "/leads/" (lead.id) } { (lead.display_name()) } } }
                        @if may_write { (table::th("Result")) }
                    } }
                    tbody {
                        @if may_write {
                            tr {
                                td.is-title data-label="Field" { "Same person" }
                                @for lead in &view.leads { td data-label=(lead.display_name()) { label { input.checkbox type="checkbox" name="lead" value=(lead.id) checked[kept(lead)]; " Same person" } } }
                                td.is-quiet data-label="Result" { "Others become different people" }
                            }
                            tr {
                                td.is-title data-label="Field" { "Keeps its id" }
                                @for lead in &view.leads { td data-label=(lead.display_name()) { label { input.checkbox type="radio" name="into" value=(lead.id) checked[into == Some(lead.id)]; " " (ui::ago(lead.created_at)) } } }
                                td.is-quiet data-label="Result" { "Links to it go on working" }
                            }
                        }
                        @for field in Field::ALL {
                            @let values: Vec<String> = drafts.iter().map(|draft| text(field.members(), draft, &members)).collect();
                            @if values.iter().any(|value| !value.is_empty()) {
                                @let chosen = view.typed.choices.fields.get(&field).copied().or_else(|| choose::best(field, &meant));
                                @let differ = values.iter().any(|value| Some(value) != values.first());
                                tr {
                                    td.is-title data-label="Field" { (field.label()) }
                                    @for (lead, value) in view.leads.iter().zip(&values) {
                                        td.is-wrap data-label=(lead.display_name()) { (choice(may_write && differ, field.as_str(), lead.id, chosen, value)) }
                                    }
                                    @if may_write { td.is-wrap data-label="Result" { strong { (text(field.members(), &result, &members)) } } }
                                }
                            }
                        }
                        @for key in choose::custom_keys(&view.leads) {
                            @let values: Vec<String> = view.leads.iter().map(|lead| lead.custom.get(&key).map(plain).unwrap_or_default()).collect();
                            @let newest = view.leads.iter().filter(|lead| lead.custom.contains_key(&key)).max_by_key(|lead| (lead.updated_at, lead.id)).map(|lead| lead.id);
                            @let chosen = view.typed.choices.custom.get(&key).copied().or(newest);
                            tr {
                                td.is-title data-label="Field" { code { (key) } }
                                @for (lead, value) in view.leads.iter().zip(&values) {
                                    td.is-wrap data-label=(lead.display_name()) { (choice(may_write && !value.is_empty(), &format!("custom.{key}"), lead.id, chosen, value)) }
                                }
                                @if may_write { td.is-wrap data-label="Result" { strong { (result.get("custom").and_then(|custom| custom.get(&key)).map(plain).unwrap_or_default()) } } }
                            }
                        }
                        tr {
                            td.is-title data-label="Field" { "Tags" }
                            @for lead in &view.leads { td.is-wrap data-label=(lead.display_name()) { (ui::tags(&lead.tags, 8)) } }
                            @if may_write {
                                @let tags: Vec<&str> = result.get("tags").and_then(Value::as_array).map(|tags| tags.iter().filter_map(Value::as_str).collect()).unwrap_or_default();
                                td.is-wrap data-label="Result" { (ui::tags(&tags, 12)) }
                            }
                        }
                        tr {
                            td.is-title data-label="Field" { "Score" }
                            @for lead in &view.leads { td data-label=(lead.display_name()) { (ui::score_badge(i64::from(lead.score))) } }
                            @if may_write { td.is-quiet data-label="Result" { "Computed anew" } }
                        }
                    }
                }
            }))
            @if may_write {
                (ui::form_actions(html! {
                    (Button::primary("Merge").icon(Icon::Check).shortcut("a"))
                    (Button::secondary("Preview").attr("formaction", format!("{href}/preview")).attr("data-without-script", ""))
                    (Button::ghost("Not duplicates").attr("formaction", format!("{href}/reject")).shortcut("r"))
                }))
            }
        }
    }
}

fn choice(may_choose: bool, name: &str, lead: LeadId, chosen: Option<LeadId>, value: &str) -> Markup {
    html! {
        @if may_choose {
            label { input.checkbox type="radio" name=(name) value=(lead) checked[chosen == Some(lead)]; " " @if value.is_empty() { span.muted { "empty" } } @else { (value) } }
        } @else { (value) }
    }
}

/// The members of a field as one text.
fn text(members: &[&str], draft: &Value, people: &HashMap<String, &str>) -> String {
    let parts = members.iter().filter_map(|member| {
        let value = draft.get(*member)?;
        let text = match *member {
            "owner_id" => value.as_str().and_then(|id| people.get(id)).map_or_else(String::new, |name| (*name).to_owned()),
            "status" => value
                .as_str()
                .and_then(|text| text.parse::<leads::Status>().ok())
                .map_or_else(String::new, |status| status.label().to_owned()),
            "employee_count" => value.as_i64().map_or_else(String::new, |count| ui::plural(count, "employee", "employees")),
            "annual_revenue" => value.as_i64().map_or_else(String::new, |revenue| format!("{} revenue", ui::compact(revenue))),
            _ => plain(value),
        };
        (!text.is_empty()).then_some(text)
    });
    let separator = if members.contains(&"first_name") { " " } else { " · " };
    parts.collect::<Vec<_>>().join(separator)
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn why(view: &View<'_>) -> Markup {
    let name = |id: LeadId| view.leads.iter().find(|lead| lead.id == id).map(Lead::display_name).unwrap_or_default();
    let may_write = view.viewer.may(Permission::LeadsWrite) && view.leads.len() > 2;
    ui::stack(html! {
        @for pair in &view.pairs {
            div {
                p { strong { (name(pair.low)) " and " (name(pair.high)) } " " (show::probability(view.settings.calibration.probability(pair.bits))) }
                p { (show::reasons(&pair.evidence, 12)) }
            }
        }
        @if may_write {
            (ui::button_row(html! {
                @for lead in &view.leads {
                    form method="post" action={ "/duplicates/" (view.cluster.id) "/reject" } {
                        (ui::hidden("only", &lead.id.to_string()))
                        (Button::ghost(format!("{} ({}) is somebody else", lead.display_name(), lead.email.as_deref().unwrap_or("no address"))).small())
                    }
                }
            }))
        }
    })
}
