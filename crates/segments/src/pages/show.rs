use axum::extract::State;
use http_kit::{ApiPath, ApiQuery, App, Cursor, Problem, Total};
use identity::{Can, LeadsRead, Member, Permission, Viewer};
use kernel::{LeadId, SegmentId};
use leads::{
    Lead, ListQuery,
    filter::{FilterError, KnownSegments},
};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Tone, chart, table};

use super::{address, definition::sentence, leads_of, list::kind};
use crate::{
    known,
    model::{Kind, Segment, Size},
    population::Population,
    size,
    store::{self, uses::Use},
};

/// Leads that the page shows at once.
const PAGE: usize = 25;
/// Days of the chart.
const DAYS: i64 = 90;
const USES: i64 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    /// Where the next members begin; of a fixed segment only.
    cursor: String,
}

struct View {
    segment: Segment,
    now: Total,
    sizes: Vec<Size>,
    uses: Vec<Use>,
    members: Vec<Member>,
    /// Those that its filter names.
    named: KnownSegments,
    /// Why its filter cannot be used.
    broken: Option<FilterError>,
    others: Vec<(SegmentId, String)>,
    leads: Vec<Lead>,
    next: Option<String>,
    is_first_page: bool,
}

pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<LeadsRead>,
    ApiPath(id): ApiPath<SegmentId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let segment = store::segments::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let sizes = store::sizes::history(&tx, id, size::days_ago(app.clock.now(), DAYS)).await?;
    let uses = store::uses::list(&tx, id, USES).await?;
    let members = identity::members(&tx).await?;
    let mut others = store::segments::choices(&tx, None).await?;
    others.retain(|(other, _)| *other != id);
    let named = known::named_in(&tx, &segment.filter.clone().unwrap_or_default()).await?;
    let broken = segment.filter.clone().and_then(|filter| filter.looked_up(&named).err());
    let population = segment.population(&tx).await?;
    let mut next = None;
    let leads = match population.clone() {
        Population::Members(_) => {
            let after = (!query.cursor.is_empty()).then(|| Cursor::decode::<LeadId>(&query.cursor)).transpose()?;
            let mut ids = store::members::page(&tx, id, after, PAGE as i64 + 1).await?;
            let more = ids.len() > PAGE;
            ids.truncate(PAGE);
            next = ids.last().filter(|_| more).map(Cursor::encode);
            leads::get_many(&tx, &ids).await?
        }
        Population::Matching(filter) => {
            let list = ListQuery { filter, limit: PAGE as i64, ..ListQuery::default() };
            leads::list(&app, &viewer.scope, &list).await?.rows
        }
    };
    tx.commit().await?;
    let now = size::now(&app, &viewer.scope, &population).await?;
    let title = segment.name.clone();
    let view = View { segment, now, sizes, uses, members, named, broken, others, leads, next, is_first_page: query.cursor.is_empty() };
    Ok(viewer.page(Nav::Segments, &title, render(&viewer, &view)))
}

fn render(viewer: &Viewer, view: &View) -> Markup {
    let segment = &view.segment;
    let here = format!("/segments/{}", segment.id);
    html! {
        (ui::page_header_under(&[("Segments", "/segments")], &segment.name, &segment.description, actions(viewer, segment, &here)))
        @if segment.archived_at.is_some() { (ui::notice(Tone::Info, html! { "This segment is in the archive: it is not among the choices. What uses it goes on." })) }
        (ui::split(
            html! {
                (ui::card_flush("Leads", html! {}, html! { (people(viewer, view, &here)) }))
                @if viewer.scope.sees_everything() { (ui::card("", html! {}, history(&view.sizes))) }
            },
            html! {
                (ui::card("Definition", kind(segment.kind), definition(view)))
                (ui::card("Where it is used", html! {}, uses(&view.uses)))
                @if !view.others.is_empty() { (ui::card("Overlap", html! {}, overlap(view, &here))) }
            },
        ))
    }
}

fn actions(viewer: &Viewer, segment: &Segment, here: &str) -> Markup {
    let open = Button::secondary("Open in leads").icon(Icon::Leads).href(in_leads(segment.id));
    if !viewer.may(Permission::LeadsWrite) {
        return html! { (open) };
    }
    let archive = if segment.archived_at.is_some() {
        ui::menu_button(Icon::Undo, "Bring back from the archive", &format!("{here}/restore"), Tone::Neutral, "")
    } else {
        ui::menu_button(Icon::Suppression, "Archive", &format!("{here}/archive"), Tone::Neutral, "")
    };
    html! {
        (ui::more_menu("More actions", html! {
            (ui::menu_button(Icon::Document, "Duplicate", &format!("{here}/duplicate"), Tone::Neutral, ""))
            (archive)
            (ui::menu_separator())
            (ui::menu_button(Icon::Trash, "Delete segment", &format!("{here}/delete"), Tone::Danger,
                &format!("Delete the segment “{}”? Its leads stay; the segment and its history are gone for good.", segment.name)))
        }))
        (open)
        (Button::secondary("Edit").icon(Icon::Edit).href(format!("{here}/edit")).shortcut("e"))
    }
}

/// The list of leads with whoever is in a segment: what can be done with any filter can be done with them.
fn in_leads(id: SegmentId) -> String {
    address("/leads", &[("filter", &known::who_is_in(id).to_json())])
}

fn definition(view: &View) -> Markup {
    let segment = &view.segment;
    let owner = segment.owner_id.and_then(|id| view.members.iter().find(|member| member.id == id));
    let who = match (&segment.filter, segment.kind) {
        (Some(filter), _) => sentence(filter, &view.members, &view.named),
        (None, Kind::Fixed) => "Leads that were put in. Select leads in the list, or an import’s, to put in more.".to_owned(),
        (None, Kind::Dynamic) => "Its filter cannot be read any more, so nobody is in it. Edit it and choose another.".to_owned(),
    };
    let measured = segment.size.as_ref().filter(|_| !view.now.exact);
    html! {
        div.stack {
            p { (who) }
            @if let Some(error) = &view.broken { (ui::notice(Tone::Danger, html! { "Nobody is in it, because its filter cannot be used: " (error.detail) "." })) }
            (ui::definition_list([
                ("Now", html! {
                    strong { (leads_of(view.now)) }
                    @if let Some(size) = measured { br; (ui::number(size.size)) " " (ui::ago(size.measured_at)) }
                }),
                ("Owner", html! { @if let Some(owner) = owner { (owner.name) } }),
                ("Made", ui::date(segment.created_at)),
                ("Changed", ui::ago(segment.updated_at)),
            ]))
        }
    }
}

fn history(sizes: &[Size]) -> Markup {
    if sizes.is_empty() {
        return html! { p.muted { "The size is measured once a day. The first measurement is on its way." } };
    }
    let labels: Vec<String> = sizes.iter().map(|size| size.day.strftime("%-d %b").to_string()).collect();
    let values: Vec<i64> = sizes.iter().map(|size| size.size).collect();
    chart::line("Size over time", &labels, &[chart::Series { name: "leads", values: &values }])
}

fn uses(uses: &[Use]) -> Markup {
    html! {
        @if uses.is_empty() { p.muted { "Nothing uses it yet. A campaign can choose it as its audience, and a filter can name it." } }
        @else { ul.stack { @for user in uses { li { a href=(user.href) { (user.name) } " " span.muted { (kind_of_use(user)) } } } } }
    }
}

/// What it is, for people.
fn kind_of_use(user: &Use) -> &'static str {
    match user.kind.as_str() {
        "camp" => "campaign",
        "segment" => "segment",
        "view" => "shared view",
        _ => "",
    }
}

fn overlap(view: &View, here: &str) -> Markup {
    let choices = view.others.iter().map(|(id, name)| (id.to_string(), name.clone()));
    html! {
        form.form method="get" action={ (here) "/overlap" } {
            (Field::select("with", "Compare with", choices))
            (ui::form_actions(html! { (Button::secondary("Compare").small()) }))
        }
    }
}

fn people(viewer: &Viewer, view: &View, here: &str) -> Markup {
    let is_fixed = view.segment.kind == Kind::Fixed;
    if view.leads.is_empty() {
        let text = if is_fixed { "Select leads in the list and put them in." } else { "No lead matches its filter now." };
        return ui::empty_state(Icon::Leads, "Nobody is in it", text, html! { (Button::secondary("Open leads").href("/leads")) });
    }
    let selects = is_fixed && viewer.may(Permission::LeadsWrite);
    let rows = table::wrap(
        "Leads of this segment",
        html! {
            table.table {
                thead { tr {
                    @if selects { (table::th_select()) }
                    (table::th("Lead")) (table::th("Company")) (table::th("Status")) (table::th_num("Score"))
                } }
                tbody {
                    @for lead in &view.leads {
                        @let (href, name) = (format!("/leads/{}", lead.id), lead.display_name());
                        tr #{ (lead.id) } data-row data-href=(href) data-edit={ (href) "/edit" } {
                            @if selects { (table::td_select()) }
                            td.is-title data-label="Lead" { a href=(href) { (ui::person(&name, Some(lead.title.as_str()).filter(|title| !title.is_empty()))) } }
                            td.is-quiet data-label="Company" { (lead.company_name) }
                            td data-label="Status" { (lead.status.label()) }
                            td.num data-label="Score" { (ui::score_badge(i64::from(lead.score))) }
                        }
                    }
                }
            }
        },
    );
    let summary = format!("{} of {}", view.leads.len(), leads_of(view.now));
    let next = view.next.as_ref().map(|cursor| address(here, &[("cursor", cursor)]));
    let pager = table::Pager::new(summary).previous((!view.is_first_page).then(|| here.to_owned())).next(next);
    if !selects {
        return html! { (rows) (pager) };
    }
    let take_out = html! { (Button::secondary("Take out").small().icon(Icon::Minus)) };
    let matching = table::Matching { total: view.leads.len() as i64, exact: true };
    table::selectable(&format!("{here}/members"), Some(matching), ("lead", "leads"), html! {}, take_out, html! { (rows) (pager) })
}
