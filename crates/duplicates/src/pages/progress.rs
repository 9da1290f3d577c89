//! The scan and the merging of many: how far they are, start, stop.

use axum::{extract::State, response::Response};
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsRead, LeadsWrite, Permission, Viewer};
use jobs::JobStatus;
use kernel::ClusterId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Tone};

use crate::{
    actions::{self, scan},
    jobs::{merge_all::Progress as Merging, scan::Progress as Scanning},
};

/// A form of a button alone.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// Whoever sees some records only cannot set everybody's to be compared.
pub(crate) fn whole(viewer: &Viewer) -> Result<(), Problem> {
    if viewer.scope.sees_everything() {
        return Ok(());
    }
    Err(Problem::forbidden("A scan compares everybody's leads, of which you see some. Ask a colleague who sees all of them."))
}

pub(super) async fn scan(State(app): State<App>, viewer: Can<LeadsWrite>, _: PageForm<Nothing>) -> Result<Response, Problem> {
    whole(&viewer)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    scan::start(&tx, viewer.actor(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(redirect("/duplicates", Some(Flash::success("All leads are being compared."))))
}

pub(super) async fn stop_scan(State(app): State<App>, viewer: Can<LeadsWrite>, _: PageForm<Nothing>) -> Result<Response, Problem> {
    whole(&viewer)?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let stopped = scan::stop(&tx).await?;
    tx.commit().await?;
    let flash = if stopped {
        Flash::success("The scan stops. What it has found stays.")
    } else {
        Flash::error("There is no scan to stop: it has finished already.")
    };
    Ok(redirect("/duplicates", Some(flash)))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MergeAllForm {
    at_least: f64,
    /// Ticked in the list: these alone.
    id: Vec<ClusterId>,
}

pub(super) async fn merge_all(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<MergeAllForm>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (actor, now, chosen) = (viewer.actor(), app.clock.now(), form.value.id.as_slice());
    if chosen.is_empty() {
        actions::merge_all::merge_all(&tx, form.value.at_least, actor, now).await?;
    } else if let Err(problem) = actions::merge_all::merge_chosen(&tx, chosen, "/id", actor, now).await {
        return match problem.kind {
            // Shown where the person was: what is ticked stays ticked.
            ProblemKind::Invalid | ProblemKind::Conflict => Ok(redirect("/duplicates", Some(Flash::error(problem.detail)))),
            _ => Err(problem),
        };
    }
    tx.commit().await?;
    Ok(redirect("/duplicates", Some(Flash::success("The duplicates are being merged."))))
}

pub(super) async fn stop_merge_all(State(app): State<App>, viewer: Can<LeadsWrite>, _: PageForm<Nothing>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let stopped = actions::merge_all::stop(&tx).await?;
    tx.commit().await?;
    let flash = if stopped {
        Flash::success("Merging stops. What was merged can be undone.")
    } else {
        Flash::error("There is nothing to stop: it has finished already.")
    };
    Ok(redirect("/duplicates", Some(flash)))
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (scanning, merging) = (scan::status(&tx).await?, actions::merge_all::status(&tx).await?);
    tx.commit().await?;
    let content = html! {
        (ui::page_header_under(&[("Duplicates", "/duplicates")], "Progress", "", html! {}))
        (cards(&viewer, scanning.as_ref(), merging.as_ref()))
    };
    Ok(viewer.page(Nav::Duplicates, "Progress", content))
}

fn is_open(job: Option<&JobStatus>) -> bool {
    job.is_some_and(|job| matches!(job.state.as_str(), "ready" | "running"))
}

/// What is being done; it asks for itself every second until it is done.
pub(super) fn cards(viewer: &Viewer, scanning: Option<&JobStatus>, merging: Option<&JobStatus>) -> Markup {
    let moving = is_open(scanning) || is_open(merging);
    let may_write = viewer.may(Permission::LeadsWrite);
    html! {
        div #duplicates-progress.stack hx-get=[moving.then_some("/duplicates/progress")] hx-trigger=[moving.then_some("every 1s")]
            hx-select=[moving.then_some("#duplicates-progress")] hx-swap=[moving.then_some("outerMorph")] {
            @if let Some(job) = scanning { (ui::card("Scan", stop(may_write && is_open(scanning), "/duplicates/scan/stop"), scan_words(job))) }
            @if let Some(job) = merging { (ui::card("Merging", stop(may_write && is_open(merging), "/duplicates/merge-all/stop"), merge_words(job))) }
        }
    }
}

fn stop(shown: bool, action: &str) -> Markup {
    html! { @if shown { form method="post" action=(action) { (Button::secondary("Stop").small().icon(Icon::Stop)) } } }
}

fn part(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

fn scan_words(job: &JobStatus) -> Markup {
    let progress = job.progress.clone().and_then(|json| serde_json::from_value::<Scanning>(json).ok()).unwrap_or_default();
    let found = format!(
        "{} compared, {} found.",
        ui::plural(progress.done, "lead", "leads"),
        ui::plural(progress.pairs, "likely pair", "likely pairs")
    );
    match job.state.as_str() {
        "ready" if job.attempt == 0 => ui::progress("Waiting for a worker", 0, 0),
        "ready" => ui::notice(Tone::Warning, "The scan was interrupted and will go on where it was."),
        "running" if job.stop_requested => ui::progress("Stopping", part(progress.done), part(progress.total)),
        "running" => ui::progress("Comparing leads", part(progress.done), part(progress.total)),
        "stopped" => html! { p { (ui::status_dot(Tone::Warning, "Stopped")) " " (found) " A new scan begins again." } },
        "dead" => ui::notice(
            Tone::Danger,
            "The scan failed and was given up. What it had found stays; start it again, and tell the person who runs this server if it fails once more.",
        ),
        _ => html! { p { (ui::status_dot(Tone::Success, "Finished")) " " (found) } },
    }
}

fn merge_words(job: &JobStatus) -> Markup {
    let progress = job.progress.clone().and_then(|json| serde_json::from_value::<Merging>(json).ok()).unwrap_or_default();
    let failed = i64::try_from(progress.failed.len()).unwrap_or(i64::MAX);
    let so_far = html! {
        (ui::plural(progress.merged, "cluster", "clusters")) " merged."
        @if failed > 0 { " " (ui::plural(failed, "was", "were")) " left as they were: a mail was on its way, or a value was refused. Open them to see why." }
        @if let Some(set) = progress.change_set { " " a href={ "/changes/" (set) } { "What changed, and undo" } }
    };
    match job.state.as_str() {
        "ready" if job.attempt == 0 => ui::progress("Waiting for a worker", 0, 0),
        "ready" => ui::notice(Tone::Warning, "Merging was interrupted and will go on where it was."),
        "running" if job.stop_requested => ui::progress("Stopping", part(progress.merged), part(progress.total)),
        "running" => ui::progress("Merging", part(progress.merged), part(progress.total)),
        "stopped" => html! { p { (ui::status_dot(Tone::Warning, "Stopped")) " " (so_far) } },
        "dead" => ui::notice(
            Tone::Danger,
            "Merging failed and was given up. What was merged stays merged; start it again, and tell the person who runs this server if it fails once more.",
        ),
        _ => html! { p { (ui::status_dot(Tone::Success, "Finished")) " " (so_far) } },
    }
}
