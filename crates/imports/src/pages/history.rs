use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use identity::{Can, LeadsRead, Permission};
use jiff::Timestamp;
use kernel::Uuid;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Pager, table};

use super::{n, number, status};
use crate::{model::Import, store};

const PAGE: usize = 50;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    cursor: Option<String>,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let before: Option<(Timestamp, Uuid)> = query.cursor.as_deref().map(Cursor::decode).transpose()?;
    let mut imports = store::list(&app.db, &viewer.scope, before, n(PAGE as u64) + 1).await?;
    let more = imports.len() > PAGE;
    imports.truncate(PAGE);
    let may = viewer.may(Permission::LeadsImport);
    let new = html! { @if may { (Button::primary("Import a file").icon(Icon::Upload).shortcut("c").href("/imports/new")) } };
    let here = query.cursor.as_ref().map_or_else(|| "/imports".to_owned(), |cursor| format!("/imports?cursor={cursor}"));
    let next =
        imports.last().filter(|_| more).map(|last| format!("/imports?cursor={}", Cursor::encode(&(last.created_at, last.id.uuid()))));
    let content = html! {
        (ui::page_header("Imports", "Files of leads, and what became of each row.", new.clone()))
        section id="imports" data-live="import" hx-get=(here) hx-trigger="live" hx-select="#imports" hx-swap="outerMorph" {
            @if imports.is_empty() && query.cursor.is_none() {
                (ui::empty_state(Icon::Import, "No file imported yet",
                    "Upload a CSV or Excel file from your CRM or spreadsheet. Its columns are recognised, you see what would happen before anything does, and importing it again creates nothing twice.", new))
            } @else {
                (ui::card_flush("", html! {}, rows(&imports)))
                (Pager::new(ui::plural(n(imports.len() as u64), "import", "imports")).next(next))
            }
        }
    };
    Ok(viewer.page(Nav::Imports, "Imports", content))
}

fn rows(imports: &[Import]) -> Markup {
    table::wrap(
        "Imports",
        html! {
            table.table {
                thead { tr {
                    (table::th("File")) (table::th("Status")) (table::th_num("Rows")) (table::th_num("Created")) (table::th_num("Updated"))
                    (table::th_num("Unchanged")) (table::th_num("Rejected")) (table::th("Uploaded"))
                } }
                tbody {
                    @for import in imports {
                        @let href = format!("/imports/{}", import.id);
                        tr data-row data-href=(href) {
                            td.is-title data-label="File" { a href=(href) { (import.file_name) } }
                            td data-label="Status" { (status(import)) }
                            td.num data-label="Rows" { @if import.rows_done < import.total_rows { (number(import.rows_done)) " of " } (number(import.total_rows)) }
                            td.num data-label="Created" { (number(import.counts.created)) }
                            td.num data-label="Updated" { (number(import.counts.updated)) }
                            td.num data-label="Unchanged" { (number(import.counts.unchanged)) }
                            td.num data-label="Rejected" { (number(import.counts.rejected)) }
                            td.is-quiet data-label="Uploaded" { (ui::ago(import.created_at)) }
                        }
                    }
                }
            }
        },
    )
}
