//! The check of the whole chain: start it, see how far it is and what it found.

use axum::{extract::State, response::Response};
use http_kit::{App, Flash, PageForm, Problem, redirect};
use identity::{AuditRead, Can};
use jobs::JobStatus;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Tone};

use crate::jobs::{Progress, enqueue, status};

/// A form of a button alone.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

pub(super) async fn show(State(app): State<App>, viewer: Can<AuditRead>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let job = status(&tx).await?;
    tx.commit().await?;
    let content = html! {
        (ui::page_header_under(&[("Audit", "/settings/audit")], "Verification", "", html! {}))
        (card(job.as_ref()))
    };
    Ok(viewer.page(Nav::Audit, "Verification", content))
}

pub(super) async fn start(State(app): State<App>, viewer: Can<AuditRead>, _: PageForm<Nothing>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    enqueue(&tx, viewer.user_id).await?;
    tx.commit().await?;
    Ok(redirect("/settings/audit", Some(Flash::success("The log is being verified from its first entry on."))))
}

/// While the check is on its way, it asks for itself every second.
pub(super) fn card(job: Option<&JobStatus>) -> Markup {
    let is_open = job.is_some_and(|job| matches!(job.state.as_str(), "ready" | "running"));
    let actions = html! {
        @if !is_open { form method="post" action="/settings/audit/verification" { (Button::secondary("Verify").small().icon(Icon::Check)) } }
    };
    html! {
        section #verification hx-get=[is_open.then_some("/settings/audit/verification")] hx-trigger=[is_open.then_some("every 1s")]
            hx-select=[is_open.then_some("#verification")] hx-swap=[is_open.then_some("outerMorph")] {
            (ui::card("Integrity", actions, words(job)))
        }
    }
}

fn words(job: Option<&JobStatus>) -> Markup {
    let Some(job) = job else {
        return html! { p.muted { "Each entry carries a hash over itself and the entry before it. Verifying computes them all anew, so that an entry that was changed, removed or put in shows." } };
    };
    let progress = job.progress.clone().and_then(|json| serde_json::from_value::<Progress>(json).ok()).unwrap_or_default();
    let (checked, total) = (u64::try_from(progress.checked).unwrap_or_default(), u64::try_from(progress.total).unwrap_or_default());
    match (job.state.as_str(), &progress.fault, progress.finished_at) {
        ("ready", ..) if job.attempt == 0 => ui::progress("Waiting for a worker", 0, 0),
        ("ready" | "running", ..) => ui::progress("Verifying entries", checked, total),
        ("done", Some(fault), _) => ui::notice(
            Tone::Danger,
            format!("The log was tampered with: {fault}. Keep your exports, and find out who can write to the database."),
        ),
        ("done", None, Some(at)) => html! {
            p { (ui::status_dot(Tone::Success, "Unbroken")) " " (ui::plural(progress.checked, "entry", "entries")) " verified " (ui::ago(at)) "." }
        },
        _ => ui::notice(
            Tone::Danger,
            "The check failed and was given up. Start it again, and tell the person who runs this server if it fails once more.",
        ),
    }
}
