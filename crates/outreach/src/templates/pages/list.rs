use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{CampaignsRead, Can, Permission};
use jiff::Timestamp;
use kernel::Uuid;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, table};

use crate::{
    pages::query::address,
    templates::{Template, starters::STARTERS, store},
};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    q: String,
    cursor: String,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<CampaignsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let after = (!query.cursor.is_empty()).then(|| Cursor::decode::<(Timestamp, Uuid)>(&query.cursor)).transpose()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut rows = store::list(&tx, &query.q, after, PAGE as i64 + 1).await?;
    let total = store::count(&tx, &query.q).await?;
    tx.commit().await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| Cursor::encode(&(last.updated_at, last.id.uuid())));
    let writes = viewer.may(Permission::CampaignsWrite);
    let action = html! { @if writes { (Button::primary("New template").icon(Icon::Plus).shortcut("c").href("/templates/new")) } };
    let content = html! {
        (ui::page_header("Templates", "Mails with variables, ready for campaigns.", action))
        @if total == 0 && query.q.is_empty() { (empty(writes)) } @else {
            (ui::toolbar(ui::search_form("/templates", "q", &query.q, "Search name or subject", "templates"), html! {}))
            div #templates {
                @if rows.is_empty() {
                    (ui::empty_state(Icon::Search, "No template matches", "Try fewer or other words.", html! { (Button::secondary("Show all").href("/templates")) }))
                } @else {
                    (grid(&rows))
                    (table::Pager::new(format!("{} of {}", rows.len(), ui::plural(total, "template", "templates")))
                        .previous(after.map(|_| address("/templates", &[("q", &query.q)])))
                        .next(next.map(|cursor| address("/templates", &[("q", &query.q), ("cursor", &cursor)]))))
                }
            }
        }
    };
    Ok(viewer.page(Nav::Templates, "Templates", content))
}

fn grid(rows: &[Template]) -> Markup {
    table::wrap(
        "Templates",
        html! {
            table.table {
                thead { tr { (table::th("Name")) (table::th("Subject")) (table::th("Changed")) } }
                tbody {
                    @for row in rows {
                        @let href = format!("/templates/{}", row.id);
                        tr data-row data-href=(href) data-edit=(href) {
                            td.is-title data-label="Name" { a href=(href) { (row.name) } }
                            td.is-wrap data-label="Subject" { (row.subject) }
                            td.is-quiet data-label="Changed" { (ui::ago(row.updated_at)) }
                        }
                    }
                }
            }
        },
    )
}

/// Teaches the next step: three texts to begin with, each one press away.
fn empty(writes: bool) -> Markup {
    if !writes {
        return ui::empty_state(Icon::Template, "No templates yet", "Colleagues who write campaigns make them here.", html! {});
    }
    html! {
        (ui::empty_state(Icon::Template, "Write your first template", "Begin with one of these texts and make it yours, or start from nothing.", html! {}))
        (ui::columns(html! {
            @for starter in &STARTERS {
                (ui::card(starter.name, html! {}, html! {
                    div.stack {
                        p.quiet { (starter.about) }
                        form method="post" action={ "/templates/starters/" (starter.key) } { (Button::secondary(format!("Use “{}”", starter.name)).icon(Icon::Plus)) }
                    }
                }))
            }
        }))
    }
}
