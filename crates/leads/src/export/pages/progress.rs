//! The page of a file that a job writes.

use axum::{body::Body, extract::State, response::Response};
use http_kit::{ApiPath, App, Problem, redirect};
use identity::{Can, LeadsExport};
use jobs::JobStatus;
use kernel::ExportId;
use maud::{Markup, html};
use tokio_util::io::ReaderStream;
use ui::{Button, Icon, Nav, Tone};

use crate::export::{
    job::{ExportProgress, path},
    request,
    store::{self, Export},
    text,
    wish::Format,
};

async fn find(app: &App, viewer: &Can<LeadsExport>, id: ExportId) -> Result<(Export, Option<JobStatus>), Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let export = store::get(&tx, id, viewer.user_id, app.clock.now()).await?.ok_or_else(Problem::not_found)?;
    let job = jobs::status(&tx, export.job).await?;
    tx.commit().await?;
    Ok((export, job))
}

/// How far the file is, and then the way to it.
pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsExport>, ApiPath(id): ApiPath<ExportId>) -> Result<Markup, Problem> {
    let (export, job) = find(&app, &viewer, id).await?;
    let href = format!("/leads/exports/{id}");
    let running = export.written.is_none() && job.as_ref().is_some_and(JobStatus::is_active);
    let is_stopped = job.as_ref().is_some_and(|job| job.state == "stopped");
    let progress: ExportProgress =
        job.as_ref().and_then(|job| job.progress.clone()).and_then(|progress| serde_json::from_value(progress).ok()).unwrap_or_default();
    let mark = match (running, export.written.is_some(), is_stopped) {
        (_, true, _) => ui::status_dot(Tone::Success, "Ready"),
        (true, ..) => ui::status_running(Tone::Accent, "Being written"),
        (_, _, true) => ui::status_dot(Tone::Warning, "Stopped"),
        _ => ui::status_dot(Tone::Danger, "Failed"),
    };
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads")], "Export leads", "", html! {}))
        div #export.stack hx-get=[running.then_some(&href)] hx-trigger=[running.then_some("every 1s")] hx-select="#export" hx-swap="outerMorph" {
            (ui::card("Excel file", mark, html! { div.stack {
                @if running {
                    (ui::progress("Leads written", u64::try_from(progress.rows).unwrap_or_default(), u64::try_from(progress.total).unwrap_or_default()))
                    p.muted { "You can leave this page; the work goes on." }
                }
                @match export.written {
                    Some((rows, bytes)) => p { (ui::plural(rows, "lead", "leads")) ", " (ui::bytes(u64::try_from(bytes).unwrap_or_default())) ". It can be fetched until " (ui::datetime(export.expires_at)) ", by you alone." },
                    None if !running && is_stopped => p { "Stopped; nothing was kept." },
                    None if !running => (ui::notice(Tone::Danger, "The file could not be written. Export again, and tell the person who runs this server if it fails once more.")),
                    None => {}
                }
                (ui::button_row(html! {
                    @if export.written.is_some() { (Button::primary("Download").icon(Icon::Download).href(format!("{href}/file")).plain()) }
                    @if running { form method="post" action={ (href) "/stop" } { (Button::secondary("Stop").icon(Icon::Stop)) } }
                    (Button::secondary("Back to leads").href("/leads"))
                }))
            } }))
        }
    };
    Ok(viewer.page(Nav::Leads, "Export leads", content))
}

pub(super) async fn stop(State(app): State<App>, viewer: Can<LeadsExport>, ApiPath(id): ApiPath<ExportId>) -> Result<Response, Problem> {
    let (export, _) = find(&app, &viewer, id).await?;
    let tx = app.db.tenant(&viewer.scope).await?;
    jobs::request_stop(&tx, export.job).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/leads/exports/{id}"), None))
}

/// The file, for whoever asked for it.
pub(super) async fn download(
    State(app): State<App>,
    viewer: Can<LeadsExport>,
    ApiPath(id): ApiPath<ExportId>,
) -> Result<Response, Problem> {
    let (export, _) = find(&app, &viewer, id).await?;
    if export.written.is_none() {
        return Err(Problem::not_found());
    }
    request::require_proof(&app, &viewer)?;
    let file = tokio::fs::File::open(path(&app, viewer.org_id, export.id)).await.map_err(|_| Problem::not_found())?;
    let name = format!("leads-{}.xlsx", export.made_at.strftime("%Y-%m-%d"));
    Ok(text::attachment(Body::from_stream(ReaderStream::new(file)), Format::Xlsx, &name))
}
