use axum::extract::State;
use http_kit::{App, Problem};
use identity::{Can, LeadsRead, Member, Viewer};
use kernel::ViewId;
use maud::{Markup, html};
use ui::{Icon, Nav, Tone, table};

use super::bar::{default_button, delete_button};
use crate::{
    custom_fields::{self, Registry},
    filter::{Filter, KnownSegments, Node, custom_name, segments_of},
    views::{SavedView, actions::may_change, store},
};

/// All views that somebody has, with what each asks for.
pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let views = store::list(&tx, viewer.user_id).await?;
    let default_view = store::default_view(&tx, viewer.user_id).await?;
    let members = identity::members(&tx).await?;
    let fields = custom_fields::list(&tx).await?;
    // One look-up for all of them.
    let asked = Filter { root: Node::Any(views.iter().filter_map(|view| view.read_filter().ok()).map(|filter| filter.root).collect()) };
    let segments = segments_of(&app, &tx, &asked).await?;
    tx.commit().await?;
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads")], "Views", "Questions about your leads that you ask again and again.", html! {}))
        @if views.is_empty() {
            (ui::empty_state(Icon::Filter, "No views yet", "Filter, search or sort the leads, choose columns, and save that as a view: it opens in one press, for you or for everybody.",
                html! { (ui::Button::secondary("Back to leads").href("/leads")) }))
        } @else { (rows(&viewer, &views, default_view, &Known { members, fields, segments })) }
    };
    Ok(viewer.page(Nav::Leads, "Views", content))
}

/// Who and what the views name.
struct Known {
    members: Vec<Member>,
    fields: Registry,
    segments: KnownSegments,
}

impl Known {
    fn name(&self, id: &str) -> Option<String> {
        let member = id.parse().ok().and_then(|id| self.members.iter().find(|member| member.id == id));
        member.map(|member| member.name.clone()).or_else(|| self.segments.name(id)).or_else(|| custom_name(&self.fields, id))
    }
}

fn rows(viewer: &Viewer, views: &[SavedView], default_view: Option<ViewId>, known: &Known) -> Markup {
    let name_of = |id: &str| known.name(id);
    table::wrap(
        "Views",
        html! {
            table.table {
                thead { tr { (table::th("Name")) (table::th("Shows")) (table::th("Whose")) (table::th("Changed")) (table::th_actions()) } }
                tbody { @for view in views {
                    @let href = format!("/leads?view={}", view.id);
                    tr data-row data-href=(href) {
                        td.is-title data-label="Name" { a href=(href) { (view.name) } @if default_view == Some(view.id) { " " (ui::badge(Tone::Accent, "Opens first")) } }
                        td.is-quiet.is-wrap data-label="Shows" { (asks(view, &name_of)) }
                        td.is-quiet data-label="Whose" {
                            @if !view.shared { "Yours alone" }
                            @else { "Shared" @if let Some(name) = view.made_by.and_then(|id| name_of(&id.to_string())) { " by " (name) } }
                        }
                        td.is-quiet data-label="Changed" { (ui::ago(view.updated_at)) }
                        td.is-actions {
                            (ui::more_menu(&format!("More about {}", view.name), html! {
                                (default_button(view, default_view == Some(view.id)))
                                @if may_change(viewer, view) { (delete_button(view)) }
                            }))
                        }
                    }
                } }
            }
        },
    )
}

/// The question in words.
fn asks(view: &SavedView, names: &dyn Fn(&str) -> Option<String>) -> String {
    let filter = view.read_filter().map_or_else(|error| error.detail, |filter: Filter| filter.describe(names));
    if view.q.is_empty() { filter } else { format!("{filter}, with “{}”", view.q) }
}
