//! The page that watches what is done to a segment in the background.

use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Problem, redirect};
use identity::{Can, LeadsRead, LeadsWrite, Permission, Viewer};
use jobs::{Job, JobId, JobStatus};
use maud::{Markup, html};
use ui::{Button, Icon, Nav, Tone};

use super::overlap::figures;
use crate::{
    jobs::{ChangeMembers, Found, MeasureOverlap, Progress},
    model::{MemberAction, Segment},
    store,
};

/// What a job of this slice is doing.
enum Work {
    Members(Progress, Box<Segment>),
    Overlap {
        found: Found,
        a: Box<Segment>,
        b: Box<Segment>,
    },
    /// It has not begun, so nothing is known of it.
    Unknown,
}

async fn load(app: &App, viewer: &Viewer, job: i64) -> Result<(JobStatus, Work), Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    // Nobody sees or stops another slice's work from here, also while it waits and says nothing of itself.
    let is_ours = |status: &JobStatus| [ChangeMembers::KIND, MeasureOverlap::KIND].contains(&status.kind.as_str());
    let status = jobs::status(&tx, JobId(job)).await?.filter(is_ours).ok_or_else(Problem::not_found)?;
    let work = if let Some(progress) = status.progress.clone().and_then(|progress| serde_json::from_value::<Progress>(progress).ok()) {
        let segment = store::segments::get(&tx, progress.segment).await?.ok_or_else(Problem::not_found)?;
        Work::Members(progress, Box::new(segment))
    } else if let Some(found) = Found::of(&status, viewer) {
        let a = store::segments::get(&tx, found.a).await?.ok_or_else(Problem::not_found)?;
        let b = store::segments::get(&tx, found.b).await?.ok_or_else(Problem::not_found)?;
        Work::Overlap { found, a: Box::new(a), b: Box::new(b) }
    } else if status.progress.is_some() {
        return Err(Problem::not_found());
    } else {
        Work::Unknown
    };
    tx.commit().await?;
    Ok((status, work))
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(job): ApiPath<i64>) -> Result<Markup, Problem> {
    let (status, work) = load(&app, &viewer, job).await?;
    let running = matches!(status.state.as_str(), "ready" | "running");
    let mark = match status.state.as_str() {
        "ready" => ui::status_running(Tone::Neutral, "Waiting"),
        "running" if status.stop_requested => ui::status_running(Tone::Warning, "Stopping"),
        "running" => ui::status_running(Tone::Accent, "Running"),
        "done" => ui::status_dot(Tone::Success, "Done"),
        "stopped" => ui::status_dot(Tone::Warning, "Stopped"),
        _ => ui::status_dot(Tone::Danger, "Failed"),
    };
    let (title, back, result) = match &work {
        Work::Members(progress, segment) => {
            let title = if progress.action == MemberAction::Add { "Putting leads in" } else { "Taking leads out" };
            (title, format!("/segments/{}", segment.id), members(&status, progress, running))
        }
        Work::Overlap { found, a, b } => {
            let result = match found.overlap {
                Some(overlap) => figures(a, b, overlap),
                None if running => html! { (ui::progress("Counting", 0, 0)) },
                None => {
                    html! { p { "It could not be counted. Compare the two again; if it happens again, tell the person who runs this server." } }
                }
            };
            ("Overlap", format!("/segments/{}", a.id), result)
        }
        Work::Unknown => ("In the background", "/segments".to_owned(), html! { (ui::progress("Waiting", 0, 0)) }),
    };
    let href = format!("/segments/jobs/{job}");
    let can_stop = running && !status.stop_requested && matches!(work, Work::Members(..)) && viewer.may(Permission::LeadsWrite);
    let content = html! {
        (ui::page_header_under(&[("Segments", "/segments")], title, "", html! {}))
        div #work.stack hx-get=[running.then_some(&href)] hx-trigger=[running.then_some("every 1s")] hx-select="#work" hx-swap="outerMorph" {
            (ui::card("Progress", mark, html! {
                div.stack {
                    (result)
                    (ui::button_row(html! {
                        @if can_stop { form method="post" action={ (href) "/stop" } { (Button::secondary("Stop").icon(Icon::Stop).confirm("Stop here? What was changed already stays changed.")) } }
                        (Button::secondary("Back to the segment").href(back))
                    }))
                }
            }))
        }
    };
    Ok(viewer.page(Nav::Segments, title, content))
}

fn members(status: &JobStatus, progress: &Progress, running: bool) -> Markup {
    let (seen, total) = (u64::try_from(progress.seen).unwrap_or_default(), u64::try_from(progress.total).unwrap_or_default());
    let changed = ui::plural(progress.changed, "lead", "leads");
    let done = if progress.action == MemberAction::Add { "put in" } else { "taken out" };
    html! {
        @if running { (ui::progress("Leads looked at", seen, total)) }
        @match status.state.as_str() {
            "done" => p { (changed) " " (done) "; the other " (ui::number(progress.seen - progress.changed)) " were as wished already." },
            "stopped" => p { "Stopped after " (ui::number(progress.seen)) " of " (ui::number(progress.total)) " leads. " (changed) " " (done) "." },
            "dead" => p { "It could not be finished. " (changed) " " (done) "; try the same again for the rest." },
            _ => p.muted { (changed) " " (done) " so far. You can leave this page; the work goes on." },
        }
    }
}

pub(super) async fn stop(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(job): ApiPath<i64>) -> Result<Response, Problem> {
    load(&app, &viewer, job).await?;
    let tx = app.db.tenant(&viewer.scope).await?;
    jobs::request_stop(&tx, JobId(job)).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/segments/jobs/{job}"), None))
}
