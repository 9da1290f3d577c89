use axum::extract::State;
use http_kit::{ApiQuery, App, PageForm, Problem};
use identity::{Can, LeadsExport};
use kernel::LeadId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav};

use crate::{
    custom_fields,
    export::{
        columns, request,
        wish::{Asked, Wish},
    },
    views::{Column, Standard},
};

/// Which leads: as the grid's address and its form around the selection say it.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Which {
    id: Vec<LeadId>,
    all_matching: String,
    filter: String,
    q: String,
    sort: String,
}

/// Asks how to export what a filter finds.
pub(super) async fn of_filter(
    State(app): State<App>,
    viewer: Can<LeadsExport>,
    ApiQuery(which): ApiQuery<Which>,
) -> Result<Markup, Problem> {
    show(&app, &viewer, &which).await
}

/// Asks how to export what is selected.
pub(super) async fn of_selection(State(app): State<App>, viewer: Can<LeadsExport>, form: PageForm<Which>) -> Result<Markup, Problem> {
    let mut which = form.value;
    if which.all_matching == "true" {
        which.id.clear();
    } else if which.id.is_empty() {
        return Err(Problem::field("/id", "id.required", "Select at least one lead first"));
    }
    show(&app, &viewer, &which).await
}

async fn show(app: &App, viewer: &Can<LeadsExport>, which: &Which) -> Result<Markup, Problem> {
    request::require_proof(app, viewer)?;
    let asked = Asked { ids: &which.id, filter: &which.filter, q: &which.q, sort: &which.sort, ..Asked::default() };
    let wish = Wish::read(app, &viewer.scope, &asked).await?;
    let count = wish.count(app, &viewer.scope, app.clock.now()).await?;
    let registry = custom_fields::read(&app.db, &viewer.scope).await?;
    let usual = columns::usual(&registry);
    let rest: Vec<Column> = Standard::ALL.into_iter().map(Column::Standard).filter(|column| !usual.contains(column)).collect();
    let label = |column: &Column| match column {
        Column::Standard(standard) => standard.label().to_owned(),
        Column::Custom(key) => registry.get(key).map_or_else(|| key.clone(), |field| field.label.clone()),
    };
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads")], "Export leads", &format!("{} in the file", ui::plural(count, "lead", "leads")), html! {}))
        form.stack method="post" action="/leads/export/file" {
            @for id in &which.id { (ui::hidden("id", &id.to_string())) }
            (ui::hidden("filter", &which.filter)) (ui::hidden("q", &which.q)) (ui::hidden("sort", &which.sort))
            (ui::card("File", html! {}, html! { div.stack {
                (Field::select("format", "Format", [("csv", "CSV"), ("xlsx", "Excel (XLSX)"), ("ndjson", "JSON, one lead a line (NDJSON)")]).value("csv"))
                (Field::checkbox("bom", "Mark the CSV as UTF-8 for Excel").value("true").checked(true).hint("Excel reads accents and other scripts right only with this mark. Programs seldom want it."))
                p.muted { "In a CSV, cells that a spreadsheet would run as a formula begin with an apostrophe. An import takes it off again." }
            } }))
            (ui::card("Columns", html! {}, html! { div.stack {
                p.muted { "Those that are ticked come back through an import unchanged." }
                fieldset.choices {
                    legend.visually-hidden { "Columns" }
                    @for (column, ticked) in usual.iter().map(|column| (column, true)).chain(rest.iter().map(|column| (column, false))) {
                        (Field::checkbox("columns", label(column)).id(format!("column-{column}")).value(column.to_string()).checked(ticked))
                    }
                }
            } }))
            (ui::form_actions(html! {
                (Button::primary("Export").icon(Icon::Download).disabled(count == 0))
                (Button::ghost("Back to leads").href("/leads"))
            }))
        }
    };
    Ok(viewer.page(Nav::Leads, "Export leads", content))
}
