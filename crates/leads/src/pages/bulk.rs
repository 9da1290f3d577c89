//! Many leads at once, and the page that watches a long change.

use axum::{extract::State, response::Response};
use db::Scope;
use http_kit::{Answer, ApiPath, App, Flash, PageForm, Problem, redirect};
use identity::{Can, LeadsRead, LeadsWrite, Permission};
use jobs::JobId;
use kernel::LeadId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Icon, Nav, Tone};

use crate::{
    actions::bulk::{BulkAction, BulkOutcome, Target, bulk_change},
    filter::Filter,
    jobs::BulkProgress,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BulkForm {
    id: Vec<LeadId>,
    all_matching: String,
    filter: String,
    q: String,
    sort: String,
    action: String,
    tags: String,
    status: String,
    owner: String,
}

impl BulkForm {
    fn action(&self) -> Result<BulkAction, Problem> {
        let tags = || self.tags.split([',', ';']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        Ok(match self.action.as_str() {
            "add_tags" => BulkAction::AddTags { tags: tags() },
            "remove_tags" => BulkAction::RemoveTags { tags: tags() },
            "set_status" => BulkAction::SetStatus {
                status: self.status.parse().map_err(|why| Problem::field("/status", "status.unknown", format!("The status {why}")))?,
            },
            "set_owner" if self.owner.is_empty() => BulkAction::SetOwner { owner_id: None },
            "set_owner" => {
                let owner = self
                    .owner
                    .parse()
                    .map_err(|_| Problem::field("/owner", "owner.unknown", "Choose one of your colleagues as the owner"))?;
                BulkAction::SetOwner { owner_id: Some(owner) }
            }
            _ => return Err(Problem::field("/action", "action.unknown", "Choose what to do with the selected leads")),
        })
    }

    fn target(&self) -> Result<Target, Problem> {
        if self.all_matching == "true" {
            return Ok(Target::Matching { filter: Filter::parse_json(&self.filter)?, q: self.q.clone() });
        }
        if self.id.is_empty() {
            return Err(Problem::field("/id", "id.required", "Select at least one lead first"));
        }
        Ok(Target::Ids(self.id.clone()))
    }

    /// Where the person was: the grid with the same filter.
    fn back(&self) -> String {
        let pairs: Vec<(&str, &str)> = [("filter", &self.filter), ("q", &self.q), ("sort", &self.sort)]
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(n, v)| (n, v.as_str()))
            .collect();
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        if query.is_empty() { "/leads".to_owned() } else { format!("/leads?{query}") }
    }
}

pub(super) async fn submit(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<BulkForm>) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let back = form.value.back();
    let (action, target) = match form.value.action().and_then(|action| Ok((action, form.value.target()?))) {
        Ok(wish) => wish,
        // Shown where the person was: nothing on the grid is lost.
        Err(problem) => return Ok(redirect(&back, Some(Flash::error(problem.detail)))),
    };
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(axum::response::IntoResponse::into_response(replay));
    }
    let outcome = match bulk_change(&app, &tx, target, action, viewer.actor()).await {
        Ok(outcome) => outcome,
        Err(problem) if problem.kind == http_kit::ProblemKind::Invalid => return Ok(redirect(&back, Some(Flash::error(problem.detail)))),
        Err(problem) => return Err(problem),
    };
    let (to, said) = match outcome {
        BulkOutcome::Done { changed: 0 } => (back, Flash::success("Nothing to change: the selected leads were as wished already.")),
        BulkOutcome::Done { changed } => (back, Flash::success(format!("{} changed.", ui::plural(changed, "lead", "leads")))),
        BulkOutcome::Started(job) => {
            (format!("/leads/bulk/{}", job.0), Flash::success("Started. You can leave this page; the work goes on."))
        }
    };
    idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
    app.feed.nudge();
    Ok(redirect(&to, Some(said)))
}

/// How a bulk job is doing; nothing when there is no such job here.
async fn status(app: &App, scope: &Scope, id: JobId) -> Result<(jobs::JobStatus, BulkProgress), Problem> {
    let tx = app.db.tenant(scope).await?;
    let status = jobs::status(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    let progress = status.progress.clone().and_then(|progress| serde_json::from_value(progress).ok()).unwrap_or_default();
    Ok((status, progress))
}

pub(super) async fn progress(State(app): State<App>, viewer: Can<LeadsRead>, ApiPath(job): ApiPath<i64>) -> Result<Markup, Problem> {
    let (status, progress) = status(&app, &viewer.scope, JobId(job)).await?;
    let (seen, total) = (u64::try_from(progress.seen).unwrap_or_default(), u64::try_from(progress.total).unwrap_or_default());
    let running = matches!(status.state.as_str(), "ready" | "running");
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
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads")], "Changing leads", "", html! {}))
        // Each chunk writes events about leads, so the page follows them; the timer is for chunks that change nothing.
        div #bulk.stack data-live=[running.then_some("lead")] hx-get=[running.then_some(&href)] hx-trigger=[running.then_some("live, every 2s")] hx-select="#bulk" hx-swap="outerMorph" {
            (ui::card("Progress", mark, html! {
                div.stack {
                    @if running { (ui::progress("Leads looked at", seen, total)) }
                    @match status.state.as_str() {
                        "done" => p { (changed) " changed; the other " (ui::number(progress.seen - progress.changed)) " were as wished already." },
                        "stopped" => p { "Stopped after " (ui::number(progress.seen)) " of " (ui::number(progress.total)) " leads. " (changed) " had been changed and stay so." },
                        "dead" => p { "It could not be finished. " (changed) " had been changed and stay so; try the same change again for the rest." },
                        _ => p.muted { (changed) " changed so far. You can leave this page; the work goes on." },
                    }
                    (ui::button_row(html! {
                        @if running && !status.stop_requested && viewer.may(Permission::LeadsWrite) {
                            form method="post" action={ (href) "/stop" } { (Button::secondary("Stop").icon(Icon::Stop).confirm("Stop here? What was changed already stays changed.")) }
                        }
                        (Button::secondary("Back to leads").href("/leads"))
                    }))
                }
            }))
        }
    };
    Ok(viewer.page(Nav::Leads, "Changing leads", content))
}

pub(super) async fn stop(State(app): State<App>, viewer: Can<LeadsWrite>, ApiPath(job): ApiPath<i64>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    jobs::status(&tx, JobId(job)).await?.ok_or_else(Problem::not_found)?;
    jobs::request_stop(&tx, JobId(job)).await?;
    tx.commit().await?;
    Ok(redirect(&format!("/leads/bulk/{job}"), None))
}
