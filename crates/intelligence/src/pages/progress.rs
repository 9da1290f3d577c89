//! The rescoring: how far it is, start, stop.

use axum::{extract::State, response::Response};
use http_kit::{App, Flash, PageForm, Problem, redirect};
use identity::{Can, Permission, SettingsRead, SettingsWrite, Viewer};
use jobs::JobStatus;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Tone};

use crate::{actions::rescore, jobs::Progress};

/// A form of a button alone.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let job = rescore::status(&tx).await?;
    tx.commit().await?;
    let content = html! {
        (ui::page_header_under(&[("Scoring", "/settings/scoring")], "Rescoring", "", html! {}))
        (card(&viewer, job.as_ref()))
    };
    Ok(viewer.page(Nav::Scoring, "Rescoring", content))
}

pub(super) async fn start(State(app): State<App>, viewer: Can<SettingsWrite>, _: PageForm<Nothing>) -> Result<Response, Problem> {
    rescore::rescore_all(&app, &viewer).await?;
    Ok(redirect("/settings/scoring", Some(Flash::success("All leads are being rescored."))))
}

pub(super) async fn stop(State(app): State<App>, viewer: Can<SettingsWrite>, _: PageForm<Nothing>) -> Result<Response, Problem> {
    let flash = if rescore::stop(&app, &viewer).await? {
        Flash::success("Rescoring stops. Leads that were done keep their new score.")
    } else {
        Flash::error("There is no rescoring to stop: it has finished already.")
    };
    Ok(redirect("/settings/scoring", Some(flash)))
}

/// The card on the scoring page; while the job is on its way it asks for itself every second.
pub(super) fn card(viewer: &Viewer, job: Option<&JobStatus>) -> Markup {
    let is_open = job.is_some_and(|job| matches!(job.state.as_str(), "ready" | "running"));
    let may_write = viewer.may(Permission::SettingsWrite);
    let actions = html! {
        @if may_write && is_open {
            form method="post" action="/settings/scoring/stop" { (Button::secondary("Stop").small().icon(Icon::Stop)) }
        } @else if may_write {
            form method="post" action="/settings/scoring/rescore" { (Button::secondary("Rescore all leads").small().icon(Icon::Refresh)) }
        }
    };
    html! {
        section #rescore hx-get=[is_open.then_some("/settings/scoring/progress")] hx-trigger=[is_open.then_some("every 1s")]
            hx-select=[is_open.then_some("#rescore")] hx-swap=[is_open.then_some("outerMorph")] {
            (ui::card("Rescoring", actions, words(job)))
        }
    }
}

fn words(job: Option<&JobStatus>) -> Markup {
    let Some(job) = job else {
        return html! { p.muted { "New and changed leads are scored within a moment. Saving other weights rescores all of them." } };
    };
    let progress = job.progress.clone().and_then(|json| serde_json::from_value::<Progress>(json).ok()).unwrap_or_default();
    let (done, total) = (u64::try_from(progress.done).unwrap_or_default(), u64::try_from(progress.total).unwrap_or_default());
    let changed = format!("{} looked at, {} changed.", ui::plural(progress.done, "lead", "leads"), ui::number(progress.changed));
    match job.state.as_str() {
        "ready" if job.attempt == 0 => ui::progress("Waiting for a worker", 0, 0),
        "ready" => ui::notice(Tone::Warning, "The rescoring was interrupted and will go on where it was."),
        "running" if job.stop_requested => ui::progress("Stopping", done, total),
        "running" => ui::progress("Scoring leads", done, total),
        "stopped" => {
            html! { p { (ui::status_dot(Tone::Warning, "Stopped")) " " (changed) " The others keep their old score until the next rescoring." } }
        }
        "dead" => ui::notice(
            Tone::Danger,
            "The rescoring failed and was given up. The leads keep their old scores; start it again, and tell the person who runs this server if it fails once more.",
        ),
        _ => html! { p { (ui::status_dot(Tone::Success, "Finished")) " " (changed) } },
    }
}
