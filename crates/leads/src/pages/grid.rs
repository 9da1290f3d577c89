use axum::{
    extract::State as Extract,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, header};
use http_kit::{ApiQuery, App, Problem, redirect};
use identity::{Can, LeadsRead, Member, Permission, Viewer};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Pager, table};

use super::{
    columns::{self, Column},
    filters::{self, Refused},
    show,
};
use crate::{
    filter::{Condition, Filter, Node},
    model::Lead,
    store::grid::{self, ListQuery, Page, Sort, SortKey},
};

const ROWS: i64 = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    filter: String,
    q: String,
    sort: String,
    cursor: String,
    columns: Vec<String>,
    // The form that adds one condition.
    field: String,
    op: String,
    value: String,
}

/// What the address holds: from it the page is made, and every link on it.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    pub(super) filter: Filter,
    pub(super) q: String,
    pub(super) sort: Sort,
}

impl State {
    pub(super) fn with_filter(&self, filter: Filter) -> Self {
        Self { filter, ..self.clone() }
    }

    /// With the parts that `about` finds replaced by one condition.
    pub(super) fn replacing(&self, about: impl Fn(&Node) -> bool, condition: Option<Condition>) -> Self {
        let mut parts: Vec<Node> = self.filter.parts().iter().filter(|part| !about(part)).cloned().collect();
        parts.extend(condition.map(Node::If));
        self.with_filter(Filter { root: Node::All(parts) })
    }

    fn pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.filter.is_empty() {
            pairs.push(("filter", self.filter.to_json()));
        }
        if !self.q.is_empty() {
            pairs.push(("q", self.q.clone()));
        }
        if self.sort != Sort::default() {
            pairs.push(("sort", self.sort.to_string()));
        }
        pairs
    }

    /// The address of the first page.
    pub(super) fn href(&self) -> String {
        self.href_with(None)
    }

    fn href_with(&self, cursor: Option<&str>) -> String {
        let mut pairs = self.pairs();
        pairs.extend(cursor.map(|cursor| ("cursor", cursor.to_owned())));
        if pairs.is_empty() {
            return "/leads".to_owned();
        }
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("/leads?{query}")
    }

    /// Hands what is on the screen over to a new campaign: an address and no more, for campaigns are
    /// another slice's.
    fn campaign_href(&self) -> String {
        let words = Some(self.q.clone()).filter(|words| !words.is_empty());
        let filter = words.map_or_else(|| self.filter.clone(), |words| self.filter.clone().and(Condition::Search(words)));
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", &filter.to_json()).finish();
        format!("/campaigns/new?{query}")
    }

    /// The same as fields of a form.
    pub(super) fn hidden(&self) -> Markup {
        html! { @for (name, value) in self.pairs() { (ui::hidden(name, &value)) } }
    }
}

pub(super) async fn show(
    Extract(app): Extract<App>,
    viewer: Can<LeadsRead>,
    headers: HeaderMap,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Response, Problem> {
    let mut state = State {
        filter: Filter::parse_json(&query.filter)?,
        q: query.q.trim().chars().take(200).collect(),
        sort: Sort::parse(&query.sort).map_err(|error| Problem::invalid(vec![error]))?,
    };
    let mut refused = None;
    if !query.field.is_empty() {
        match Condition::from_form(&query.field, &query.op, &query.value) {
            Ok(condition) => {
                state.filter = state.filter.and(condition);
                return Ok(redirect(&state.href(), None));
            }
            Err(error) => {
                let why = capitalised(&error.detail);
                refused = Some(Refused { field: query.field, op: query.op, value: query.value, why });
            }
        }
    }
    let list = ListQuery {
        filter: state.filter.clone(),
        q: state.q.clone(),
        sort: state.sort,
        limit: ROWS,
        cursor: (!query.cursor.is_empty()).then_some(query.cursor),
    };
    let chosen = columns::chosen(&query.columns, &headers);
    let (page, members) = tokio::try_join!(grid::list(&app, &viewer.scope, &list), members(&app, &viewer))?;
    let empty = page.rows.is_empty() && list.cursor.is_none() && !grid::any(&app.db, &viewer.scope).await?;
    let content = if empty { no_leads(&viewer) } else { render(&viewer, &state, &page, &members, &chosen, refused.as_ref()) };
    let mut response = viewer.page(Nav::Leads, "Leads", content).into_response();
    if refused.is_some() {
        *response.status_mut() = http::StatusCode::UNPROCESSABLE_ENTITY;
    }
    if !query.columns.is_empty() {
        response.headers_mut().append(header::SET_COOKIE, columns::remember(&chosen));
    }
    Ok(response)
}

/// The colleagues, for names and choices.
pub(super) async fn members(app: &App, viewer: &Viewer) -> Result<Vec<Member>, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    Ok(members)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).chain(['.']).collect())
}

fn actions(viewer: &Viewer) -> Markup {
    html! {
        @if viewer.may(Permission::LeadsImport) { (Button::secondary("Import a file").icon(Icon::Upload).href("/imports/new")) }
        @if viewer.may(Permission::LeadsWrite) { (Button::primary("New lead").icon(Icon::Plus).href("/leads/new").shortcut("c")) }
    }
}

fn no_leads(viewer: &Viewer) -> Markup {
    html! {
        (ui::page_header("Leads", "", html! {}))
        (ui::empty_state(
            Icon::Leads,
            "No leads yet",
            "Leads are the people you want to win. Bring in a CSV file, whatever its columns are called, or add the first one by hand.",
            actions(viewer),
        ))
    }
}

fn render(viewer: &Viewer, state: &State, page: &Page<Lead>, members: &[Member], chosen: &[Column], refused: Option<&Refused>) -> Markup {
    let all: Vec<(&str, &str, bool)> =
        Column::ALL.into_iter().map(|column| (column.name(), column.label(), chosen.contains(&column))).collect();
    html! {
        (ui::page_header("Leads", "", actions(viewer)))
        (ui::toolbar(
            html! {
                (ui::search_form_with("/leads", "q", &state.q, "Search name, e-mail, company, title", "grid", html! { (State { q: String::new(), ..state.clone() }.hidden()) }))
                (filters::controls(state, members, viewer.user_id, refused))
            },
            table::column_picker("/leads", &all, html! { (state.hidden()) (ui::hidden("columns", "name")) }),
        ))
        (filters::dialog(state, members))
        div #grid.stack {
            (filters::chips(state, members))
            @if !page.rows.is_empty() && viewer.may(Permission::CampaignsWrite) && !(state.filter.is_empty() && state.q.is_empty()) {
                (ui::button_row(html! { (Button::ghost("New campaign for these leads").icon(Icon::Campaign).small().href(state.campaign_href())) }))
            }
            @if page.rows.is_empty() { (nothing_matches(state)) } @else { (rows(viewer, state, page, members, chosen)) }
        }
    }
}

fn nothing_matches(state: &State) -> Markup {
    ui::empty_state(
        Icon::Search,
        "No lead matches",
        "Your leads are still there; the filter or the search is too narrow for any of them.",
        html! {
            (Button::secondary("Clear filters").href("/leads"))
            @if !state.q.is_empty() && !state.filter.is_empty() { (Button::ghost("Clear search only").href(State { q: String::new(), ..state.clone() }.href())) }
        },
    )
}

fn rows(viewer: &Viewer, state: &State, page: &Page<Lead>, members: &[Member], chosen: &[Column]) -> Markup {
    let may_write = viewer.may(Permission::LeadsWrite);
    let grid = table::wrap(
        "Leads",
        html! {
            table.table {
                thead { tr {
                    @if may_write { (table::th_select()) }
                    (heading(state, "Name", Some(SortKey::Name), false))
                    @for column in chosen { (heading(state, column.label(), column.sort(), column.is_number())) }
                } }
                tbody { @for lead in &page.rows { (row(lead, members, chosen, may_write)) } }
            }
        },
    );
    let shown = page.rows.len();
    let summary = format!("{} of {}", ui::number(i64::try_from(shown).unwrap_or_default()), show::total(page.total, "lead", "leads"));
    html! {
        @if may_write { (table::selectable("/leads/bulk", page.total.value, state.hidden(), bulk_actions(viewer, members), grid)) } @else { (grid) }
        (Pager::new(summary)
            .previous(page.previous.as_deref().map(|cursor| state.href_with(Some(cursor))))
            .next(page.next.as_deref().map(|cursor| state.href_with(Some(cursor)))))
    }
}

/// Sorted by this column already: the link turns it round. Words begin at A, figures at the greatest.
fn heading(state: &State, label: &str, key: Option<SortKey>, numeric: bool) -> Markup {
    let Some(key) = key else { return if numeric { table::th_num(label) } else { table::th(label) } };
    let current = state.sort.key == key;
    let descending = if current { !state.sort.descending } else { !matches!(key, SortKey::Name | SortKey::Company) };
    let href = State { sort: Sort { key, descending }, ..state.clone() }.href();
    let now = current.then_some(if state.sort.descending { ui::Sort::Descending } else { ui::Sort::Ascending });
    if numeric { table::th_sort_num(label, &href, now) } else { table::th_sort(label, &href, now) }
}

fn row(lead: &Lead, members: &[Member], chosen: &[Column], may_write: bool) -> Markup {
    let name = lead.display_name();
    let href = format!("/leads/{}", lead.id);
    let edit = may_write.then(|| format!("{href}/edit"));
    html! {
        tr data-row data-href=(href) data-edit=[edit] {
            @if may_write { (table::td_select(&lead.id.to_string(), &name)) }
            td.is-title data-label="Name" {
                a href=(href) { (ui::person(&name, (!lead.title.is_empty()).then_some(lead.title.as_str()))) }
            }
            @for column in chosen { (column.cell(lead, members)) }
        }
    }
}

/// The controls of the bar that shows once rows are selected.
fn bulk_actions(viewer: &Viewer, members: &[Member]) -> Markup {
    html! {
        (Field::text("tags", "Tags").id("bulk-tags").label_hidden().placeholder("Tag, another tag").autocomplete("off"))
        (Button::secondary("Add").icon(Icon::Tag).small().name_value("action", "add_tags"))
        (Button::secondary("Remove").small().name_value("action", "remove_tags"))
        (Field::select("status", "Status", show::status_options()).id("bulk-status").label_hidden())
        (Button::secondary("Set status").small().name_value("action", "set_status"))
        (Field::select("owner", "Owner", show::owner_options(viewer, members)).id("bulk-owner").label_hidden())
        (Button::secondary("Set owner").icon(Icon::User).small().name_value("action", "set_owner"))
    }
}
