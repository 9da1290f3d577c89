//! The page that watches a long change of many leads.

use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Problem, redirect};
use identity::{Can, LeadsRead, LeadsWrite, Permission};
use jobs::JobId;
use maud::{Markup, html};
use ui::{Button, Icon, Nav, Tone};

use crate::jobs::{BulkProgress, bulk_status};

pub(super) async fn progress(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(job): ApiPath<i64>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (status, progress) = bulk_status(&tx, JobId(job)).await?;
    tx.commit().await?;
    let (seen, total) = (u64::try_from(progress.seen).unwrap_or_default(), u64::try_from(progress.total).unwrap_or_default());
    let running = status.is_active();
    let mark = match status.state.as_str() {
        "ready" => ui::status_running(Tone::Neutral, "Waiting"),
        "running" if status.stop_requested => ui::status_running(Tone::Warning, "Stopping"),
        "running" => ui::status_running(Tone::Accent, "Running"),
        "done" => ui::status_dot(Tone::Success, "Done"),
        "stopped" => ui::status_dot(Tone::Warning, "Stopped"),
        _ => ui::status_dot(Tone::Danger, "Failed"),
    };
    let href = format!("/leads/bulk/{job}");
    let changed = ui::plural(progress.changed, "lead", "leads");
    let may_write = viewer.may(Permission::LeadsWrite);
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads")], "Changing leads", "", html! {}))
        // Each chunk writes events about leads, so the page follows them; the timer is for chunks that change nothing.
        div #bulk.stack data-live=[running.then_some("lead")] hx-get=[running.then_some(&href)] hx-trigger=[running.then_some("live, every 2s")] hx-select="#bulk" hx-swap="outerMorph" {
            (ui::card("Progress", mark, html! {
                div.stack {
                    @if running { (ui::progress("Leads looked at", seen, total)) (pace(&progress)) }
                    @match status.state.as_str() {
                        "done" if progress.enrols => p { (changed) " added to the campaign; the other " (ui::number(progress.seen - progress.changed)) " cannot be written to, lack what the mails print, or were in it before." },
                        "stopped" if progress.enrols => p { "Stopped after " (ui::number(progress.seen)) " of " (ui::number(progress.total)) " leads. " (changed) " had been added to the campaign and stay in it." },
                        "dead" if progress.enrols => p { "It could not be finished. " (changed) " had been added to the campaign and stay in it; add the same leads again for the rest." },
                        "done" => p { (changed) " changed; the other " (ui::number(progress.seen - progress.changed)) " were as wished already." },
                        "stopped" => p { "Stopped after " (ui::number(progress.seen)) " of " (ui::number(progress.total)) " leads. " (changed) " had been changed and stay so unless you undo it." },
                        "dead" => p { "It could not be finished. " (changed) " had been changed and stay so unless you undo it; try the same change again for the rest." },
                        _ => p.muted { (changed) @if progress.enrols { " added so far." } @else { " changed so far." } " You can leave this page; the work goes on." },
                    }
                    (ui::button_row(html! {
                        @if running && !status.stop_requested && may_write {
                            form method="post" action={ (href) "/stop" } { (Button::secondary("Stop").icon(Icon::Stop).confirm(if progress.enrols { "Stop here? Who was added already stays in the campaign." } else { "Stop here? What was changed already stays changed, and can be undone." })) }
                        }
                        @if let (Some(set), false) = (progress.change_set, running) { (Button::secondary("What was changed, and Undo").icon(Icon::Undo).href(format!("/changes/{set}"))) }
                        (Button::secondary("Back to leads").href("/leads"))
                    }))
                }
            }))
        }
    };
    Ok(viewer.page(Nav::Leads, "Changing leads", content))
}

/// "12,000 leads a second, about 8 seconds left".
fn pace(progress: &BulkProgress) -> Markup {
    let left = progress.rate().map(|rate| (rate, (progress.total - progress.seen).max(0) / rate));
    html! {
        @if let Some((rate, seconds)) = left {
            p.muted {
                (ui::plural(rate, "lead", "leads")) " a second, about "
                @if seconds < 90 { (ui::plural(seconds.max(1), "second", "seconds")) } @else { (ui::plural(seconds / 60, "minute", "minutes")) } " left"
            }
        }
    }
}

pub(super) async fn stop(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(job): ApiPath<i64>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (status, _) = bulk_status(&tx, JobId(job)).await?;
    jobs::request_stop(&tx, status.id).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/leads/bulk/{job}"), None))
}
