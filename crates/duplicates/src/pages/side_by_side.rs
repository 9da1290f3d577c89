//! Leads beside each other, of a cluster or chosen by somebody: whose value stays.

use std::collections::HashMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use db::TenantTx;
use http_kit::{ApiPath, App, PageForm, Problem, ProblemKind};
use identity::{Can, LeadsRead, LeadsWrite, Member, Permission, Viewer};
use kernel::{ClusterId, LeadId};
use leads::Lead;
use maud::{Markup, html};
use serde_json::{Value, json};
use ui::{Button, Icon, Nav, Tone, table};

use super::{show, typed::Typed};
use crate::{
    actions::{
        choose::{self, Field},
        merge::is_silent,
        merge_by_hand::between,
    },
    store::{self, clusters::StoredCluster, pairs::Pair, settings::Settings},
};

/// Which leads are compared.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which<'a> {
    Cluster(ClusterId),
    /// Somebody has chosen them: the address names them.
    ByHand(&'a [LeadId]),
}

impl Which<'_> {
    /// Where a form of the page posts to.
    fn address(self, verb: &str) -> String {
        match self {
            Self::Cluster(id) => format!("/duplicates/{id}/{verb}"),
            Self::ByHand(ids) => format!("/duplicates/by-hand/{verb}?{}", query(ids)),
        }
    }

    const fn is_cluster(self) -> bool {
        matches!(self, Self::Cluster(_))
    }
}

/// Leads as the query of an address.
pub(super) fn query(ids: &[LeadId]) -> String {
    let pairs = ids.iter().map(|id| ("lead", id.to_string()));
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(id): ApiPath<ClusterId>) -> Result<Markup, Problem> {
    render(&app, &viewer, Which::Cluster(id), &Typed::default(), None).await
}

/// The same page with what was chosen and what would come of it; nothing is saved.
pub(super) async fn preview(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<ClusterId>,
    form: PageForm<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let typed = Typed::read(&form.value)?;
    Ok(render(&app, &viewer, Which::Cluster(id), &typed, None).await?.into_response())
}

/// The page again, with why nothing was merged; what is no fault of the choices is an error page.
pub(super) async fn refused(app: &App, viewer: &Viewer, which: Which<'_>, typed: &Typed, problem: Problem) -> Result<Response, Problem> {
    if !matches!(problem.kind, ProblemKind::Invalid | ProblemKind::Conflict) {
        return Err(problem);
    }
    Ok((problem.kind.status(), render(app, viewer, which, typed, Some(&problem)).await?).into_response())
}

/// Everything the page is drawn from.
struct View<'a> {
    viewer: &'a Viewer,
    which: Which<'a>,
    /// How sure a cluster is, and whether a merge of some of it was undone.
    cluster: Option<StoredCluster>,
    leads: Vec<Lead>,
    pairs: Vec<Pair>,
    members: Vec<Member>,
    settings: Settings,
    typed: &'a Typed,
    silent: bool,
}

pub(super) async fn render(
    app: &App,
    viewer: &Viewer,
    which: Which<'_>,
    typed: &Typed,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut view = load(&tx, viewer, which, typed).await?;
    tx.commit().await?;
    let there: Vec<LeadId> = view.leads.iter().map(|lead| lead.id).collect();
    let mut gone = 0;
    if let Which::ByHand(ids) = which {
        gone = ids.len() - there.len();
        view.which = Which::ByHand(&there);
    }
    let name = view.leads.first().map(Lead::display_name).unwrap_or_default();
    let title = format!("{name}: {}", ui::plural(i64::try_from(view.leads.len()).unwrap_or_default(), "lead", "leads"));
    let (nav, crumb) =
        if which.is_cluster() { (Nav::Duplicates, ("Duplicates", "/duplicates")) } else { (Nav::Leads, ("Leads", "/leads")) };
    let content = html! {
        (ui::page_header_under(&[crumb], &title, "Choose whose value stays in each line. Tags and custom fields are united.", html! {
            @if let Some(cluster) = &view.cluster { (show::probability(view.settings.calibration.probability(cluster.bits))) }
        }))
        @if let Some(problem) = problem { (ui::form_error(&problem.detail)) }
        (notices(&view, gone))
        (ui::stack(html! { (compare(&view)) (ui::card("Why", html! {}, why(&view))) }))
    };
    Ok(viewer.page(nav, &title, content))
}

/// What to know before choosing.
fn notices(view: &View<'_>, gone: usize) -> Markup {
    let gone = i64::try_from(gone).unwrap_or(i64::MAX);
    let was_undone = view.cluster.as_ref().is_some_and(|cluster| cluster.by_hand);
    let was_rejected = !view.which.is_cluster() && view.pairs.iter().any(|pair| pair.decision == "rejected");
    let warn = |text: &str| ui::notice(Tone::Warning, text);
    html! {
        @if gone > 0 { (warn(&format!("{} left out: gone, or not yours to see.", ui::plural(gone, "lead is", "leads are")))) }
        @if was_undone { (warn("A merge of some of these was undone. They are merged again only by hand.")) }
        @if was_rejected { (warn("Somebody has said that some of these are different people. Merging them goes against that.")) }
        @if view.silent {
            (warn("One of them has asked not to be written to. The merged lead stays unsubscribed, whichever status or address is chosen."))
        }
    }
}

async fn load<'a>(tx: &TenantTx, viewer: &'a Viewer, which: Which<'a>, typed: &'a Typed) -> Result<View<'a>, Problem> {
    let cluster = match which {
        Which::Cluster(id) => Some(store::clusters::get(tx, id).await?.ok_or_else(Problem::not_found)?),
        Which::ByHand(_) => None,
    };
    let ids = match (which, &cluster) {
        (Which::ByHand(ids), _) => ids,
        (Which::Cluster(_), cluster) => cluster.as_ref().map_or(&[][..], |cluster| &cluster.leads),
    };
    let leads = leads::get_many(tx, ids).await?;
    // Merged or deleted a moment ago, and not noticed yet.
    if leads.len() < 2 {
        return Err(Problem::not_found());
    }
    let silent = is_silent(tx, &leads).await? || leads.iter().any(|lead| lead.status == leads::Status::Unsubscribed);
    Ok(View {
        viewer,
        which,
        pairs: if which.is_cluster() { store::pairs::within(tx, ids).await? } else { between(tx, ids).await? },
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
    let others = if view.which.is_cluster() { "Others become different people" } else { "Others stay as they are" };
    let into = view.typed.into.or_else(|| choose::survivor(&view.leads));
    let kept = |lead: &Lead| view.typed.leads.is_empty() || view.typed.leads.contains(&lead.id);
    let meant: Vec<Lead> = view.leads.iter().filter(|lead| kept(lead)).cloned().collect();
    let result = choose::patch(&meant, &view.typed.choices, view.silent);
    let members: HashMap<String, &str> = view.members.iter().map(|member| (member.id.to_string(), member.name.as_str())).collect();
    let drafts: Vec<Value> = view.leads.iter().map(|lead| json!(lead.draft())).collect();
    html! {
        form.stack #compare method="post" action=(view.which.address("merge"))
            hx-post=(view.which.address("preview")) hx-trigger="change" hx-target="#compare" hx-select="#compare" hx-swap="outerMorph" {
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
                                td.is-quiet data-label="Result" { (others) }
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
                    (Button::secondary("Preview").attr("formaction", view.which.address("preview")).attr("data-without-script", ""))
                    @if view.which.is_cluster() {
                        (Button::ghost("Not duplicates").attr("formaction", view.which.address("reject")).shortcut("r"))
                    } @else { (Button::ghost("Cancel").href("/leads")) }
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
    let may_write = view.which.is_cluster() && view.viewer.may(Permission::LeadsWrite) && view.leads.len() > 2;
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
                    form method="post" action=(view.which.address("reject")) {
                        (ui::hidden("only", &lead.id.to_string()))
                        (Button::ghost(format!("{} ({}) is somebody else", lead.display_name(), lead.email.as_deref().unwrap_or("no address"))).small())
                    }
                }
            }))
        }
    })
}
