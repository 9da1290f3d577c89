use axum::{extract::State, response::Response};
use db::Scope;
use http_kit::{ApiPath, App, Flash, Problem, redirect};
use identity::{Can, LeadsImport, Permission, Viewer};
use jiff::SignedDuration;
use kernel::ImportId;
use leads::changes::{self, ChangeSet, State as Undoable};
use maud::{Markup, html};
use ui::{Button, Icon, Nav, Stat, Tone, table};

use super::{number, status};
use crate::{
    actions,
    model::{Import, ImportStatus},
    rejected_csv,
    row::Rejection,
    store,
};

const SHOWN: i64 = 20;

/// Lets a stopped import go on where it stopped.
pub(super) async fn go_on(State(app): State<App>, viewer: Can<LeadsImport>, ApiPath(id): ApiPath<ImportId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::start_import(&tx, &app, id, None, viewer.actor()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/imports/{id}"), Some(Flash::success("The import goes on where it stopped."))))
}

pub(super) async fn stop(State(app): State<App>, viewer: Can<LeadsImport>, ApiPath(id): ApiPath<ImportId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::stop_import(&tx, &app, id).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/imports/{id}"), Some(Flash::success("The import is stopped. What it has stored stays."))))
}

/// The rejected rows as a file, for those who could correct them: whole rows leave with it.
pub(super) async fn rejected(
    State(app): State<App>,
    viewer: Can<LeadsImport>,
    ApiPath(id): ApiPath<ImportId>,
) -> Result<Response, Problem> {
    let import = store::find(&app.db, &viewer.scope, id).await?.ok_or_else(Problem::not_found)?;
    Ok(rejected_csv::answer(&app, viewer.scope.clone(), import))
}

/// An import that has been started: how far it is, or how it ended.
pub(super) async fn page(app: &App, viewer: &Viewer, import: &Import) -> Result<Markup, Problem> {
    let id = import.id;
    let here = format!("/imports/{id}");
    let rejections = store::rejections(&app.db, &viewer.scope, id, 0, SHOWN).await?;
    let may = viewer.may(Permission::LeadsImport);
    let csv = (may && import.counts.rejected > 0).then(|| format!("{here}/rejected.csv"));
    let sets = change_sets(app, &viewer.scope, import).await?;
    let mut rejected = Stat::new("Rejected", number(import.counts.rejected));
    if let Some(csv) = &csv {
        rejected = rejected.href(csv.clone());
    }
    let content = html! {
        (ui::page_header_under(&[("Imports", "/imports")], &import.file_name, "", html! {}))
        section.stack id="import" data-live={ "import:" (id) } hx-get=(here) hx-trigger="live" hx-select="#import" hx-swap="outerMorph" {
            @let after = html! {
                @if viewer.may(Permission::LeadsWrite) { (into_segment(&sets)) }
                @if may { (undo(&sets)) }
            };
            (state(import, may, after))
            (ui::stats(html! {
                (Stat::new("Created", number(import.counts.created)))
                (Stat::new("Updated", number(import.counts.updated)))
                (Stat::new("Unchanged", number(import.counts.unchanged)))
                (rejected)
            }))
            @if import.counts.rejected > 0 {
                (ui::card_flush("Rejected rows", html! {
                    @if let Some(csv) = csv { (Button::secondary("Download all as CSV").icon(Icon::Download).small().href(csv)) }
                }, refused(&rejections, import.counts.rejected, may)))
            }
        }
    };
    Ok(viewer.page(Nav::Imports, &import.file_name, content))
}

/// What holds the import's changes; those that changed nothing are left out.
async fn change_sets(app: &App, scope: &Scope, import: &Import) -> Result<Vec<ChangeSet>, Problem> {
    let tx = app.db.tenant(scope).await?;
    let mut sets = Vec::new();
    for id in &import.change_sets {
        sets.extend(changes::get(&tx, *id).await?.filter(|set| set.rows() > 0));
    }
    tx.commit().await?;
    Ok(sets)
}

/// How far it is, and what can be done: `after` is for those that have ended.
fn state(import: &Import, may: bool, after: Markup) -> Markup {
    let id = import.id;
    let finished = import.status == ImportStatus::Finished;
    let rate = import.rows_per_second().map(|rate| format!("{} rows a second", number(rate)));
    let left = import.time_left().filter(|_| import.status == ImportStatus::Running).map(time_left);
    html! {
        div.stack {
            p { (status(import)) @if let Some(rate) = rate.as_ref().filter(|_| !finished) { " " span.muted.num { (rate) @if let Some(left) = &left { ", " (left) } } } }
            @match import.status {
                ImportStatus::Running | ImportStatus::Mapping => {
                    (ui::progress("Rows", import.rows_done, import.total_rows))
                    @if may {
                        form method="post" action={ "/imports/" (id) "/stop" } {
                            (Button::secondary("Stop").icon(Icon::Stop).confirm("Stop this import? What it has stored stays, and it can go on later."))
                        }
                    }
                }
                ImportStatus::Finished => {
                    p { (number(import.rows_done)) " rows read" @if let Some(rate) = &rate { " at " (rate) } @if let Some(at) = import.finished_at { ", finished " (ui::ago(at)) } "." }
                    (ui::button_row(html! {
                        (Button::primary("See the leads").icon(Icon::Leads).href("/leads?sort=-created_at"))
                        @if may { (Button::secondary("Import another file").icon(Icon::Upload).href("/imports/new")) }
                        (after)
                    }))
                }
                ImportStatus::Stopped => {
                    (ui::progress("Rows", import.rows_done, import.total_rows))
                    (ui::button_row(html! {
                        @if may { form method="post" action={ "/imports/" (id) "/continue" } { (Button::primary("Continue").icon(Icon::Play)) } }
                        (after)
                    }))
                }
                ImportStatus::Failed => {
                    (ui::notice(Tone::Danger, &import.failure))
                    (ui::button_row(html! {
                        @if may { (Button::primary("Upload again").icon(Icon::Upload).href("/imports/new")) }
                        (after)
                    }))
                }
            }
        }
    }
}

/// How long the rest takes, as people say it.
fn time_left(left: SignedDuration) -> String {
    match left.as_secs() {
        ..=1 => "almost done".to_owned(),
        seconds @ ..=90 => format!("about {seconds} seconds left"),
        seconds => format!("about {} minutes left", (seconds + 30) / 60),
    }
}

/// The leads of an import as a group of their own. One that was stopped and went on has several change sets, and
/// the first made the leads; segments are another slice's, so this is an address and no more.
fn into_segment(sets: &[ChangeSet]) -> Markup {
    html! {
        @if let [set] = sets && matches!(set.state, Undoable::Done) {
            form method="post" action="/segments/choose" {
                (ui::hidden("change_set", &set.id.to_string()))
                (Button::secondary("Put into a segment").icon(Icon::Segment))
            }
        }
    }
}

/// Every change of the import can be taken back: each start of it by itself, the newest first.
fn undo(sets: &[ChangeSet]) -> Markup {
    html! {
        @for set in sets.iter().rev() {
            @let href = format!("/changes/{}", set.id);
            @match set.state {
                Undoable::Done => {
                    form method="post" action={ (href) "/undo" } {
                        (Button::secondary("Undo this import").icon(Icon::Undo).confirm("Undo this import? The leads it made are removed and the ones it changed are as before. Rows that somebody has edited since stay as they are, and are listed."))
                    }
                }
                Undoable::Undoing | Undoable::Stopped => (Button::secondary("It is being undone").href(href)),
                Undoable::Undone => p { "This import " a href=(href) { "has been undone" } "." },
                Undoable::PartlyUndone => p { "This import " a href=(href) { "has been undone but for rows that were edited since" } "." },
                Undoable::Open => {},
            }
        }
    }
}

fn refused(rejections: &[Rejection], total: u64, has_file: bool) -> Markup {
    html! {
        (table::wrap("Rejected rows", html! {
            table.table {
                thead { tr { (table::th_num("Row")) (table::th("Reason")) (table::th("Cells")) } }
                tbody {
                    @for rejection in rejections {
                        tr {
                            td.num data-label="Row" { (number(rejection.row)) }
                            td.is-wrap data-label="Reason" { (rejection.reason) }
                            td.is-quiet.is-wrap data-label="Cells" { (crate::analysis::sample(&rejection.cells.join(" · "))) }
                        }
                    }
                }
            }
        }))
        @if total > rejections.len() as u64 { p.muted.card-body { "The first " (rejections.len()) " of " (number(total)) "." @if has_file { " The file has all of them." } } }
    }
}
