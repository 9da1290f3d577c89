mod columns;
mod trial;

use std::collections::BTreeMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsImport, Permission, Viewer};
use kernel::ImportId;
use leads::custom_fields::{self, Registry};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Tone};

use super::n;
use crate::{Existing, ImportError, Plan, Target, actions, analysis::Analysis, model::Import, run, store, trial::try_some};
use columns::columns;
pub(super) use trial::Show;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    target: Vec<String>,
    /// As many as targets; empty where the target is no custom field.
    kind: Vec<String>,
    /// As many, too; empty where there is nothing to choose.
    date_order: Vec<String>,
    has_header: Option<String>,
    existing: Existing,
    tags: String,
    source: String,
    /// Leaves out the columns that no field was recognised for.
    leave_out: Option<String>,
}

impl Form {
    fn plan(self) -> Result<Plan, ImportError> {
        let targets = self.target.into_iter().map(|text| Target::try_from(text).map_err(|why| ImportError::plan("targets", why)));
        let targets: Vec<Target> = targets.collect::<Result<_, _>>()?;
        let mut kinds = BTreeMap::new();
        for (target, kind) in targets.iter().zip(&self.kind) {
            if let (Target::Custom(key), false) = (target, kind.is_empty()) {
                kinds.insert(key.clone(), kind.parse().map_err(|why| ImportError::plan("kinds", why))?);
            }
        }
        let mut date_orders = BTreeMap::new();
        for (target, order) in targets.iter().zip(&self.date_order) {
            if let (Target::Custom(key), false) = (target, order.is_empty()) {
                date_orders.insert(key.clone(), order.parse().map_err(|why| ImportError::plan("date_orders", why))?);
            }
        }
        Ok(Plan {
            targets,
            kinds,
            date_orders,
            has_header: self.has_header.is_some(),
            existing: self.existing,
            tags: self.tags.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
            source: self.source,
        })
    }
}

/// Keeps what was corrected, so that the preview follows.
pub(super) async fn save(
    State(app): State<App>,
    viewer: Can<LeadsImport>,
    ApiPath(id): ApiPath<ImportId>,
    form: PageForm<Form>,
) -> Result<Response, Problem> {
    let leaves_out = form.value.leave_out.is_some();
    let mut plan = form.value.plan()?;
    if leaves_out {
        let import = store::find(&app.db, &viewer.scope, id).await?.ok_or_else(Problem::not_found)?;
        plan = plan.without_strangers(&import.analysis, &custom_fields::read(&app.db, &viewer.scope).await?);
    }
    actions::save_plan(&app, &viewer.scope, id, plan).await?;
    Ok(redirect(&format!("/imports/{id}"), None))
}

pub(super) async fn start(
    State(app): State<App>,
    viewer: Can<LeadsImport>,
    ApiPath(id): ApiPath<ImportId>,
    form: PageForm<Form>,
) -> Result<Response, Problem> {
    let plan = form.value.plan()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    match actions::start_import(&tx, &app, id, Some(plan.clone()), viewer.actor()).await {
        Ok(import) => {
            tx.commit().await?;
            app.feed.nudge();
            let flash = Flash::success(format!("Importing {}.", ui::plural(n(import.total_rows), "row", "rows")));
            Ok(redirect(&format!("/imports/{id}"), Some(flash)))
        }
        Err(error) => {
            drop(tx);
            let problem = Problem::from(error);
            if problem.kind != ProblemKind::Invalid {
                return Err(problem);
            }
            let mut import = store::find(&app.db, &viewer.scope, id).await?.ok_or_else(Problem::not_found)?;
            if actions::fits(&plan, &import.analysis) {
                import.plan = plan;
            }
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &viewer, &import, None, Some(&problem)).await?).into_response())
        }
    }
}

pub(super) async fn discard(State(app): State<App>, viewer: Can<LeadsImport>, ApiPath(id): ApiPath<ImportId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    actions::discard_import(&tx, &app, id, viewer.actor()).await?;
    tx.commit().await?;
    run::remove_file(&app, viewer.org_id, id).await;
    app.feed.nudge();
    Ok(redirect("/imports", Some(Flash::success("The upload is discarded. Nothing of it was imported."))))
}

/// The columns, the options, and what would happen.
pub(super) async fn page(
    app: &App,
    viewer: &Viewer,
    import: &Import,
    show: Option<Show>,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    // A plan that cannot be started is tried all the same: each row says what is missing.
    let tried = match &import.trial {
        Some(trial) => Some(trial.clone()),
        None => match try_some(app, &viewer.scope, import).await {
            Ok(trial) => Some(trial),
            Err(ImportError::File(error)) => {
                tracing::warn!(%error, import = %import.id, "the file of an import that waits cannot be read");
                None
            }
            Err(error) => return Err(error.into()),
        },
    };
    let unfit = import.plan.clone().checked(&import.analysis).err().map(Problem::from);
    let problem = problem.or(unfit.as_ref());
    let fields = custom_fields::read(&app.db, &viewer.scope).await?;
    let may = viewer.may(Permission::LeadsImport);
    let id = import.id;
    let save = format!("/imports/{id}/mapping");
    let rows = Import::rows_under(&import.analysis, &import.plan);
    let content = html! {
        (ui::page_header_under(&[("Imports", "/imports")], &import.file_name, &facts(import, rows), html! {
            @if may {
                form method="post" action={ "/imports/" (id) "/discard" } {
                    (Button::ghost("Discard").icon(Icon::Trash).confirm("Discard this upload? Nothing of it has been imported."))
                }
            }
        }))
        section.stack id="import" {
            @if let Some(problem) = problem { (ui::form_error(&problem.detail)) }
            (notices(&import.analysis))
            form.stack id="mapping" method="post" action={ "/imports/" (id) "/start" }
                hx-post=(save) hx-trigger="change" hx-target="#import" hx-select="#import" hx-swap="outerMorph" {
                (ui::card_flush("Columns", leave_out(import, &fields, may, &save), columns(import, &fields, may)))
                (ui::card("How", html! {}, options(import, may)))
                @match &tried {
                    None => (ui::notice(Tone::Danger, "The uploaded file is no longer on this server. Upload it again; nothing of it was imported.")),
                    Some(tried) => (trial::trial(import, tried, rows, show)),
                }
                @if may && tried.is_some() {
                    (ui::form_actions(html! {
                        (Button::secondary("Update preview").attr("formaction", save.clone()).attr("data-without-script", ""))
                        (Button::primary(format!("Import {}", ui::plural(n(rows), "row", "rows"))).icon(Icon::Import))
                    }))
                }
            }
        }
    };
    Ok(viewer.page(Nav::Imports, &import.file_name, content))
}

/// One button instead of a menu for each of the columns that nobody asked for.
fn leave_out(import: &Import, fields: &Registry, may: bool, save: &str) -> Markup {
    let columns = import.analysis.columns.iter().zip(&import.plan.targets);
    let strangers = columns.filter(|(column, target)| Plan::is_stranger(column, target, fields)).count() as u64;
    html! {
        @if may && strangers > 0 {
            (Button::secondary(format!("Do not import the {}", ui::plural(n(strangers), "other column", "other columns")))
                .small().name_value("leave_out", "true").attr("formaction", save))
        }
    }
}

fn facts(import: &Import, rows: u64) -> String {
    let separator = match import.analysis.delimiter.as_str() {
        "," => "commas",
        ";" => "semicolons",
        "\t" => "tabs",
        _ => "|",
    };
    format!(
        "{} · {} · {} · {}, {separator} between columns",
        ui::plural(n(rows), "row", "rows"),
        ui::plural(n(import.analysis.columns.len() as u64), "column", "columns"),
        ui::bytes(import.file_bytes),
        import.analysis.encoding
    )
}

fn notices(analysis: &Analysis) -> Markup {
    let placeholders: Vec<String> =
        analysis.columns.iter().filter(|column| column.placeholder).map(|column| format!("“{}”", column.name)).collect();
    html! {
        @if let Some(layout) = analysis.layout {
            (ui::notice(Tone::Info, format!("Looks like {}: its columns are mapped accordingly.", layout.label())))
        }
        @if let Some(part) = &analysis.part {
            @if analysis.left_out.is_empty() { (ui::notice(Tone::Info, format!("“{part}” was read."))) }
            @else { (ui::notice(Tone::Warning, format!("The sheet “{part}” was read. The workbook has others with cells: {}. Save each as a file of its own to import it.", analysis.left_out.iter().map(|name| format!("“{name}”")).collect::<Vec<_>>().join(", ")))) }
        }
        @if analysis.preamble > 0 {
            (ui::notice(Tone::Info, format!("{} above the names of the columns {} no part of the table and left out.", ui::plural(n(analysis.preamble), "line", "lines"), if analysis.preamble == 1 { "is" } else { "are" })))
        }
        @if analysis.header_looks_like_data {
            (ui::notice(Tone::Warning, "The first row looks like a lead, not like names of columns. It is imported as a row unless you tick “The first row holds the columns’ names”."))
        }
        @if analysis.cut_off {
            (ui::notice(Tone::Warning, "The file ends in the middle of a row: it may have been cut off on its way. The rows before it are fine; the broken ones are rejected with their reason."))
        }
        @if analysis.faulty > 0 && !analysis.cut_off {
            (ui::notice(Tone::Warning, format!("{} cannot be read and will be rejected with the reason. All others are imported.", ui::plural(n(analysis.faulty), "row", "rows"))))
        }
        @if analysis.encoding != "UTF-8" {
            (ui::notice(Tone::Info, format!("The file is written in {} and was converted. If letters with accents look wrong below, save it as UTF-8 and upload it again.", analysis.encoding)))
        }
        @if !placeholders.is_empty() {
            (ui::notice(Tone::Info, format!("“Select” in {} means that nothing was chosen, and is read as empty.", placeholders.join(", "))))
        }
    }
}

fn options(import: &Import, may: bool) -> Markup {
    let plan = &import.plan;
    html! {
        (ui::field_grid(html! {
            (Field::select("existing", "Leads that exist already", Existing::ALL.map(|e| (e.as_str(), e.label()))).value(plan.existing.as_str()).disabled(!may)
                .hint("Recognised by e-mail, else external id, else LinkedIn, else name, company and phone."))
            (Field::text("source", "Source of new leads").value(&plan.source).attr("maxlength", "100").disabled(!may).hint("Used where no column says it."))
            (Field::text("tags", "Tags for all of them").value(plan.tags.join(", ")).disabled(!may).hint("Separated by commas."))
        }))
        (Field::checkbox("has_header", "The first row holds the columns’ names").checked(plan.has_header).disabled(!may))
    }
}
