use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsImport, Permission, Viewer};
use kernel::ImportId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Stat, Tone, table};

use super::{n, number};
use crate::{
    Existing, ImportError, LeadField, Plan, Target, actions,
    actions::DryRun,
    analysis::{Analysis, Column},
    merge::Verdict,
    model::Import,
    row::{LeadRow, Rejection, custom_values},
    store,
};

/// Up to so many rows the whole file is tried before the import; of a larger one, so many.
const TRIED: usize = 20_000;
const SHOWN: usize = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    target: Vec<String>,
    has_header: Option<String>,
    existing: Existing,
    tags: String,
    source: String,
}

impl Form {
    fn plan(self) -> Result<Plan, ImportError> {
        let targets = self.target.into_iter().map(|text| Target::try_from(text).map_err(|why| ImportError::plan("targets", why)));
        Ok(Plan {
            targets: targets.collect::<Result<_, _>>()?,
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
    actions::save_plan(&app, &viewer.scope, id, form.value.plan()?).await?;
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
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&app, &viewer, &import, Some(&problem)).await?).into_response())
        }
    }
}

/// The columns, the options, and what would happen.
pub(super) async fn page(app: &App, viewer: &Viewer, import: &Import, problem: Option<&Problem>) -> Result<Markup, Problem> {
    // A plan that cannot be started is tried all the same: each row says what is missing.
    let tried = match actions::dry_run(app, &viewer.scope, import, TRIED).await {
        Ok(tried) => Some(tried),
        Err(ImportError::File(error)) => {
            tracing::warn!(%error, import = %import.id, "the file of an import that waits cannot be read");
            None
        }
        Err(error) => return Err(error.into()),
    };
    let unfit = import.plan.clone().checked(&import.analysis).err().map(Problem::from);
    let problem = problem.or(unfit.as_ref());
    let may = viewer.may(Permission::LeadsImport);
    let id = import.id;
    let save = format!("/imports/{id}/mapping");
    let rows = Import::rows_under(&import.analysis, &import.plan);
    let content = html! {
        (ui::page_header_under(&[("Imports", "/imports")], &import.file_name, &facts(import, rows), html! {}))
        section.stack id="import" {
            @if let Some(problem) = problem { (ui::form_error(&problem.detail)) }
            (notices(&import.analysis))
            @match &tried {
                None => (ui::notice(Tone::Danger, "The uploaded file is no longer on this server. Upload it again; nothing of it was imported.")),
                Some(tried) => (outcome(tried, rows)),
            }
            form.stack id="mapping" method="post" action={ "/imports/" (id) "/start" }
                hx-post=(save) hx-trigger="change" hx-target="#import" hx-select="#import" hx-swap="outerMorph" {
                (ui::card_flush("Columns", html! {}, columns(import, may)))
                (ui::card("How", html! {}, options(import, may)))
                @if may && tried.is_some() {
                    (ui::form_actions(html! {
                        (Button::secondary("Update preview").attr("formaction", save.clone()).attr("data-without-script", ""))
                        (Button::primary(format!("Import {}", ui::plural(n(rows), "row", "rows"))).icon(Icon::Import))
                    }))
                }
            }
            @if let Some(tried) = &tried { (ui::card_flush(&format!("First {} rows, as they would be", tried.rows.len().min(SHOWN)), html! {}, preview(tried))) }
        }
    };
    Ok(viewer.page(Nav::Imports, &import.file_name, content))
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

fn outcome(tried: &DryRun, rows: u64) -> Markup {
    let of = |wanted: fn(&Verdict) -> bool| number(tried.rows.iter().filter(|(_, verdict)| wanted(verdict)).count() as u64);
    let what = if tried.partial {
        format!("Of the first {} rows ({} in all), this many would be:", number(tried.rows.len() as u64), number(rows))
    } else {
        "All rows were tried against the leads you have. This many would be:".to_owned()
    };
    html! {
        div.stack id="dry-run" {
            p.muted { (what) }
            (ui::stats(html! {
                (Stat::new("Created", of(|v| *v == Verdict::Created)))
                (Stat::new("Updated", of(|v| *v == Verdict::Updated)))
                (Stat::new("Unchanged", of(|v| *v == Verdict::Unchanged)))
                (Stat::new("Rejected", of(|v| matches!(v, Verdict::Rejected(_)))))
            }))
        }
    }
}

fn columns(import: &Import, may: bool) -> Markup {
    let analysis = &import.analysis;
    table::wrap(
        "Columns",
        html! {
            table.table {
                thead { tr { (table::th("Column")) (table::th("Holds")) (table::th("Becomes")) (table::th("Guess")) } }
                tbody {
                    @for (column, target) in analysis.columns.iter().zip(&import.plan.targets) {
                        @let name = analysis.column_name(column, import.plan.has_header);
                        tr {
                            td.is-title data-label="Column" { (name) }
                            td.is-quiet.is-wrap data-label="Holds" { (holds(column)) }
                            td data-label="Becomes" { (choice(column, target, &name, may)) }
                            td data-label="Guess" { (confidence(column, target)) }
                        }
                    }
                }
            }
        },
    )
}

fn holds(column: &Column) -> Markup {
    html! {
        @if column.samples.is_empty() { "nothing" }
        @else { (column.samples.join(" · ")) }
    }
}

fn choice(column: &Column, target: &Target, name: &str, may: bool) -> Markup {
    let mut options = vec![("ignore".to_owned(), "Do not import".to_owned())];
    options.extend(LeadField::ALL.iter().map(|field| (field.as_str().to_owned(), field.label().to_owned())));
    options.push((format!("custom:{}", column.key), format!("Custom field {}", column.key)));
    // A plan made through the API may have keys of its own.
    let chosen = target.to_string();
    if let Target::Custom(key) = target
        && *key != column.key
    {
        options.push((chosen.clone(), format!("Custom field {key}")));
    }
    html! {
        (Field::select("target", format!("“{name}” becomes"), options).label_hidden().value(chosen).id(format!("target-{}", column.index)).disabled(!may))
    }
}

fn confidence(column: &Column, target: &Target) -> Markup {
    if column.guess != *target {
        return ui::badge(Tone::Accent, "Chosen");
    }
    match (target, column.confidence) {
        (Target::Ignore, _) => ui::badge(Tone::Neutral, "Empty"),
        (Target::Custom(_), _) => ui::badge(Tone::Neutral, "Kept as it is"),
        (Target::Field(_), 90..) => ui::badge(Tone::Success, &format!("Sure, {}%", column.confidence)),
        (Target::Field(_), 50..90) => ui::badge(Tone::Info, &format!("Likely, {}%", column.confidence)),
        (Target::Field(_), _) => ui::badge(Tone::Warning, &format!("Doubtful, {}%", column.confidence)),
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

fn preview(tried: &DryRun) -> Markup {
    table::wrap(
        "Preview",
        html! {
            table.table {
                thead { tr {
                    (table::th_num("Row")) (table::th("Would be")) (table::th("Name")) (table::th("E-mail")) (table::th("Title")) (table::th("Company"))
                    (table::th("Country")) (table::th("Status")) (table::th("Tags")) (table::th("Custom fields"))
                } }
                tbody {
                    @for (row, verdict) in tried.rows.iter().take(SHOWN) {
                        @match row {
                            Ok(row) => (lead_row(row, verdict)),
                            Err(rejection) => (rejected_row(rejection)),
                        }
                    }
                }
            }
        },
    )
}

fn lead_row(row: &LeadRow, verdict: &Verdict) -> Markup {
    let lead = &row.lead;
    let company = if lead.company_name.is_empty() { &lead.company_domain } else { &lead.company_name };
    let custom: Vec<String> = custom_values(&lead.custom).into_iter().take(4).map(|(key, value)| format!("{key}: {value}")).collect();
    let more = lead.custom.len().saturating_sub(4);
    html! {
        tr {
            td.num data-label="Row" { (number(row.row)) }
            td data-label="Would be" { (verdict_badge(verdict)) }
            td.is-title data-label="Name" { (leads::model::display_name(&lead.first_name, &lead.last_name, lead.email.as_ref().map(|e| e.as_str()), &lead.external_id)) }
            td data-label="E-mail" { (lead.email.as_ref().map_or("", |email| email.as_str())) }
            td data-label="Title" { (lead.title) }
            td data-label="Company" { (company) }
            td data-label="Country" { (lead.country) }
            td data-label="Status" { (row.status.unwrap_or_default().label()) }
            td data-label="Tags" { (ui::tags(&lead.tags, 3)) }
            td.is-quiet data-label="Custom fields" { (custom.join(" · ")) @if more > 0 { " +" (more) } }
        }
    }
}

fn rejected_row(rejection: &Rejection) -> Markup {
    html! {
        tr {
            td.num data-label="Row" { (number(rejection.row)) }
            td data-label="Would be" { (ui::badge(Tone::Danger, "Rejected")) }
            td.is-wrap colspan="8" data-label="Reason" { (rejection.reason) }
        }
    }
}

fn verdict_badge(verdict: &Verdict) -> Markup {
    match verdict {
        Verdict::Created => ui::badge(Tone::Success, "Created"),
        Verdict::Updated => ui::badge(Tone::Info, "Updated"),
        Verdict::Unchanged => ui::badge(Tone::Neutral, "Unchanged"),
        Verdict::Rejected(reason) => html! { (ui::badge(Tone::Danger, "Rejected")) " " (reason) },
    }
}
