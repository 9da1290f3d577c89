//! `/leads`.

use axum::{
    extract::State as Extract,
    response::{IntoResponse, Response},
};
use http_kit::{ApiQuery, App, Problem, ProblemKind, redirect};
use identity::{Can, LeadsRead, Member, Permission, Viewer};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav};

use super::{
    filters::{self, Command},
    rows::{self, Around},
    state::{Query, State},
};
use crate::{
    custom_fields::{self, Registry},
    filter::{self, Filter, KnownSegments},
    model::Lead,
    search::close_matches,
    store::grid::{self, Beside, ListQuery, Page},
    surroundings::{self, Surroundings},
    views::{self, Column, store::Habits},
};

const ROWS: i64 = 50;
/// How many leads that are nearly as searched fill a page up.
const CLOSE: i64 = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Paging {
    cursor: String,
}

/// Everything that the page shows besides its rows.
struct Scene<'a> {
    viewer: &'a Viewer,
    state: State,
    around: Surroundings,
    /// Those that the filter names.
    segments: KnownSegments,
    /// What in the address could not be read.
    problems: Vec<Problem>,
}

pub(super) async fn show(
    Extract(app): Extract<App>,
    viewer: Can<LeadsRead>,
    ApiQuery(query): ApiQuery<Query>,
    ApiQuery(command): ApiQuery<Command>,
    ApiQuery(paging): ApiQuery<Paging>,
) -> Result<Response, Problem> {
    let (around, state, problems, page) = look(&app, &viewer, &query, &paging).await?;
    let segments = named_segments(&app, &viewer, &state.filter).await?;
    let scene = Scene { viewer: &viewer, state, around, segments, problems };
    let refused = match command.apply(&scene.state, viewer.user_id) {
        Ok(Some(next)) => return Ok(redirect(&next.href(), None)),
        Ok(None) => None,
        Err(problem) => Some(problem),
    };
    let found = match &page {
        Found::Page(page, near) => page.rows.is_empty() && near.is_empty() && paging.cursor.is_empty(),
        Found::Refused(_) => false,
    };
    let is_empty = found && !grid::any(&app.db, &viewer.scope).await?;
    let content = if is_empty { no_leads(&viewer) } else { scene.render(&page, refused.as_ref().map(|problem| (&command, problem))) };
    let mut response = viewer.page(Nav::Leads, "Leads", content).into_response();
    if refused.is_some() || !scene.problems.is_empty() || matches!(page, Found::Refused(_)) {
        *response.status_mut() = http::StatusCode::UNPROCESSABLE_ENTITY;
    }
    Ok(response)
}

/// The rows and all around them. What is remembered of that is taken for true while it is asked whether it is.
async fn look(app: &App, viewer: &Viewer, query: &Query, paging: &Paging) -> Result<(Surroundings, State, Vec<Problem>, Found), Problem> {
    if let Some(around) = surroundings::remembered(app, viewer, query.wanted()) {
        let (state, problems) = State::read(query, &around.habits);
        let org = viewer.scope.org();
        let asked: db::Params<'_> = &[&org];
        let mut beside = Beside { statement: Some((surroundings::VERSION, asked)), rows: None };
        let page = rows(app, viewer, &state, &around, paging, &problems, &mut beside).await?;
        if around.are_true(app, &viewer.scope, beside.rows).await? {
            return Ok((around, state, problems, page));
        }
    }
    look_anew(app, viewer, query, paging).await
}

async fn look_anew(
    app: &App,
    viewer: &Viewer,
    query: &Query,
    paging: &Paging,
) -> Result<(Surroundings, State, Vec<Problem>, Found), Problem> {
    let around = surroundings::read(app, viewer, query.wanted()).await?;
    let (state, problems) = State::read(query, &around.habits);
    let page = rows(app, viewer, &state, &around, paging, &problems, &mut Beside::default()).await?;
    Ok((around, state, problems, page))
}

/// The rows, or why there are none.
enum Found {
    /// And leads that are spelt nearly as searched, where few are spelt so.
    Page(Page<Lead>, Vec<Lead>),
    Refused(Problem),
}

/// Looks the rows up. What cannot be read means no rows, not all of them: whoever filters has a reason to.
async fn rows(
    app: &App,
    viewer: &Viewer,
    state: &State,
    around: &Surroundings,
    paging: &Paging,
    problems: &[Problem],
    beside: &mut Beside<'_>,
) -> Result<Found, Problem> {
    if let Some(problem) = problems.first() {
        return Ok(Found::Refused(problem.clone()));
    }
    let list = async {
        // What a filter asks of custom fields is held against them, and its segments are looked up.
        let is_plain = state.filter.is_plain();
        let filter = if is_plain { state.filter.clone() } else { filter::read(app, &viewer.scope, &state.filter.to_json()).await? };
        let cursor = (!paging.cursor.is_empty()).then(|| paging.cursor.clone());
        let lean = !columns(state, &around.habits).iter().any(|column| matches!(column, Column::Custom(_)));
        let query = ListQuery { filter, q: state.q.clone(), sort: state.sort, limit: ROWS, cursor, count: false, lean };
        let page = grid::list_beside(app, &viewer.scope, &query, beside).await?;
        let room = ROWS - i64::try_from(page.rows.len()).unwrap_or(ROWS);
        let near =
            if query.cursor.is_none() { close_matches(app, &viewer.scope, &query, &page.rows, room.min(CLOSE)).await? } else { Vec::new() };
        Ok::<_, Problem>((page, near))
    };
    match list.await {
        Ok((page, near)) => Ok(Found::Page(page, near)),
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::Unavailable) => Ok(Found::Refused(problem)),
        Err(problem) => Err(problem),
    }
}

/// The colleagues and the custom fields, for names and choices.
pub(super) async fn colleagues(app: &App, viewer: &Viewer) -> Result<(Vec<Member>, Registry), Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let members = identity::members(&tx).await?;
    let custom = custom_fields::list(&tx).await?;
    tx.commit().await?;
    Ok((members, custom))
}

/// Those that the address or the view names, else those that the person likes, else the usual ones.
fn columns(state: &State, habits: &Habits) -> Vec<Column> {
    [&state.columns, &habits.columns].into_iter().find(|columns| !columns.is_empty()).cloned().unwrap_or_else(Column::usual)
}

/// The segments that a filter names, for their names.
async fn named_segments(app: &App, viewer: &Viewer, filter: &Filter) -> Result<KnownSegments, Problem> {
    if filter.segments().is_empty() {
        return Ok(KnownSegments::default());
    }
    let tx = app.db.tenant(&viewer.scope).await?;
    let segments = filter::segments_of(app, &tx, filter).await?;
    tx.commit().await?;
    Ok(segments)
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

impl Scene<'_> {
    fn render(&self, found: &Found, refused: Option<(&Command, &Problem)>) -> Markup {
        let (viewer, state) = (self.viewer, &self.state);
        let search = html! { (state.hidden_without("q")) };
        html! {
            (ui::page_header("Leads", "", actions(viewer)))
            (views::pages::tabs(state, &self.around.habits))
            (ui::toolbar(
                html! {
                    (ui::search_form_with("/leads", "q", &state.q, "Search name, e-mail, company, title", "grid", search))
                    (filters::controls(viewer, state, self.around.members(), refused))
                },
                html! {
                    (Button::ghost("Columns").icon(Icon::Columns).attr("form", filters::FORM).attr("formaction", "/leads/columns")
                        .attr("data-dialog-open", "columns-dialog").attr("hx-get", "/leads/columns").attr("hx-include", "#state")
                        .attr("hx-target", "#columns").attr("hx-select", "#columns").attr("hx-swap", "outerHTML"))
                },
            ))
            (filters::dialog())
            (super::column_picker::dialog())
            div #grid.stack {
                (filters::form(state))
                (views::pages::bar(viewer, state, &self.around.habits, self.further()))
                (filters::chips(state, self.around.members(), self.around.custom(), &self.segments))
                @match found {
                    Found::Refused(problem) => (self.unreadable(problem)),
                    Found::Page(page, near) => {
                        @if !page.rows.is_empty() { (self.table(page)) } @else if near.is_empty() { (self.nothing_matches()) }
                        @if !near.is_empty() { (self.near(page, near)) }
                    },
                }
            }
        }
    }

    fn table(&self, page: &Page<Lead>) -> Markup {
        let columns = columns(&self.state, &self.around.habits);
        let around = Around {
            viewer: self.viewer,
            state: &self.state,
            members: self.around.members(),
            custom: self.around.custom(),
            columns: &columns,
        };
        rows::table(&around, page)
    }

    /// What the filter is good for besides: a segment, a campaign.
    fn further(&self) -> Markup {
        let viewer = self.viewer;
        html! {
            @if !self.state.is_everything() {
                @if viewer.may(Permission::LeadsWrite) { (Button::ghost("New segment").icon(Icon::Segment).small().href(self.handed_to("/segments/new"))) }
                @if viewer.may(Permission::CampaignsWrite) { (Button::ghost("New campaign").icon(Icon::Campaign).small().href(self.handed_to("/campaigns/new"))) }
            }
        }
    }

    /// What is nearly as searched, below what is just so: said, for it is not what was asked for.
    fn near(&self, page: &Page<Lead>, near: &[Lead]) -> Markup {
        let columns = columns(&self.state, &self.around.habits);
        let around = Around {
            viewer: self.viewer,
            state: &self.state,
            members: self.around.members(),
            custom: self.around.custom(),
            columns: &columns,
        };
        let title = if page.rows.is_empty() { "No lead is spelt so; these are spelt nearly so" } else { "Spelt nearly so" };
        ui::card_flush(title, html! {}, rows::near(&around, near))
    }

    /// Hands what is on the screen over: an address and no more, for segments and campaigns are other slices'.
    fn handed_to(&self, path: &str) -> String {
        let filter = self.state.whole_filter().to_json();
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("filter", &filter).finish();
        format!("{path}?{query}")
    }

    fn nothing_matches(&self) -> Markup {
        let state = &self.state;
        ui::empty_state(
            Icon::Search,
            "No lead matches",
            "Your leads are still there; the filter or the search is too narrow for any of them.",
            html! {
                (Button::secondary("Clear filters").href(state.cleared().href()))
                @if !state.q.is_empty() && !state.filter.is_empty() { (Button::ghost("Clear search only").href(state.without_words().href())) }
            },
        )
    }

    /// Something in the address means nothing to us: said, with the way out, and no row is shown for it.
    fn unreadable(&self, problem: &Problem) -> Markup {
        let what = problem.errors.first().map_or("", |error| error.pointer.trim_start_matches('/').split('/').next().unwrap_or_default());
        let title = match what {
            _ if problem.kind == ProblemKind::Unavailable => "This takes too long",
            "cursor" => "This page of the list is not there",
            "sort" => "The list cannot be sorted like that",
            "view" => "This view is not there",
            _ => "This filter cannot be read",
        };
        let without_filter = self.state.with_filter(Filter::default());
        ui::error_state(
            title,
            &format!("{}. Your leads are as they were.", problem.detail.trim_end_matches('.')),
            html! {
                @if what == "cursor" { (Button::secondary("To the first page").href(self.state.href())) }
                @else { (Button::secondary("Show the leads without it").href(without_filter.href())) }
            },
        )
    }
}
