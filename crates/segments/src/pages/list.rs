use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{Can, LeadsRead, Member, Permission, Viewer};
use jiff::Timestamp;
use kernel::SegmentId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Tab, Tone, table};

use super::address;
use crate::{
    model::{Kind, Segment},
    store,
};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    q: String,
    archived: bool,
    cursor: String,
}

impl Query {
    fn href(&self, archived: bool, cursor: &str) -> String {
        address("/segments", &[("q", &self.q), ("archived", if archived { "true" } else { "" }), ("cursor", cursor)])
    }
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let after = (!query.cursor.is_empty()).then(|| Cursor::decode::<(Timestamp, SegmentId)>(&query.cursor)).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut rows = store::segments::list(&tx, query.archived, &query.q, after, PAGE as i64 + 1).await?;
    let members = identity::members(&tx).await?;
    tx.commit().await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| query.href(query.archived, &Cursor::encode(&(last.updated_at, last.id))));
    let writes = viewer.may(Permission::LeadsWrite);
    let new = html! { @if writes { (Button::primary("New segment").icon(Icon::Plus).shortcut("c").href("/segments/new")) } };
    let hidden = html! { @if query.archived { (ui::hidden("archived", "true")) } };
    let content = html! {
        (ui::page_header("Segments", "Groups of leads with a name: by a filter that is always up to date, or put together by hand.", new.clone()))
        (ui::tabs("Which segments", &[
            Tab::new("In use", &query.href(false, ""), !query.archived),
            Tab::new("Archive", &query.href(true, ""), query.archived),
        ]))
        (ui::toolbar(ui::search_form_with("/segments", "q", &query.q, "Search by name", "segments", hidden), html! {}))
        div #segments.stack {
            @if rows.is_empty() { (empty(&query, new)) } @else {
                (grid(&rows, &viewer, &members))
                (table::Pager::new(ui::plural(rows.len() as i64, "segment", "segments")).previous(after.map(|_| query.href(query.archived, ""))).next(next))
            }
        }
    };
    Ok(viewer.page(Nav::Segments, "Segments", content))
}

fn empty(query: &Query, new: Markup) -> Markup {
    match (query.q.is_empty(), query.archived) {
        (false, _) => ui::empty_state(
            Icon::Search,
            "No segment matches",
            "Search for a part of its name.",
            html! {
                (Button::secondary("Show all").href(address("/segments", &[("archived", if query.archived { "true" } else { "" })])))
            },
        ),
        (true, true) => ui::empty_state(
            Icon::Segment,
            "The archive is empty",
            "Segments that nobody needs to choose any more go here; what uses them goes on.",
            html! {},
        ),
        (true, false) => ui::empty_state(
            Icon::Segment,
            "No segments yet",
            "A segment keeps a group of leads under a name, for campaigns and to watch how it grows. Begin with a filter, or select leads in the list and put them into one.",
            new,
        ),
    }
}

fn grid(rows: &[Segment], viewer: &Viewer, members: &[Member]) -> Markup {
    // Sizes count everybody's leads.
    let sized = viewer.scope.sees_everything();
    let owner = |segment: &Segment| {
        segment.owner_id.and_then(|id| members.iter().find(|member| member.id == id)).map(|member| member.name.as_str())
    };
    table::wrap(
        "Segments",
        html! {
            table.table {
                thead { tr {
                    (table::th("Name")) (table::th("Type")) @if sized { (table::th_num("Leads")) (table::th("Measured")) }
                    (table::th("Owner")) (table::th("Changed"))
                } }
                tbody {
                    @for segment in rows {
                        @let href = format!("/segments/{}", segment.id);
                        tr #{ (segment.id) } data-row data-href=(href) data-edit={ (href) "/edit" } {
                            td.is-title data-label="Name" { a href=(href) { (segment.name) } }
                            td data-label="Type" { (kind(segment.kind)) }
                            @if sized {
                                td.num data-label="Leads" { @match &segment.size { Some(size) => (ui::number(size.size)), None => span.muted { "–" } } }
                                td.is-quiet data-label="Measured" { @match &segment.size { Some(size) => (ui::ago(size.measured_at)), None => "soon" } }
                            }
                            td.is-quiet data-label="Owner" { (owner(segment).unwrap_or_default()) }
                            td.is-quiet data-label="Changed" { (ui::ago(segment.updated_at)) }
                        }
                    }
                }
            }
        },
    )
}

/// What decides who is in it.
pub(super) fn kind(kind: Kind) -> Markup {
    ui::badge(if kind == Kind::Dynamic { Tone::Accent } else { Tone::Neutral }, kind.label())
}
