//! From a selection of leads to a segment: which one, and in or out.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{Answer, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite, Viewer};
use kernel::{ChangeSetId, LeadId, SegmentId};
use leads::{Filter, filter::Condition};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Nav};

use super::{MOST_SELECTED, filter_error};
use crate::{
    actions::{
        change_members::{Changed, change_members},
        create::create_segment,
    },
    model::{Kind, MemberAction, NewSegment, Source},
    store,
};

/// What the list of leads sends, or an import's page (`change_set`), and what is chosen here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    id: Vec<LeadId>,
    all_matching: String,
    filter: String,
    q: String,
    change_set: Option<ChangeSetId>,
    segment: String,
    name: String,
    action: String,
}

impl Form {
    fn source(&self) -> Result<Source, Problem> {
        if let Some(set) = self.change_set {
            return Ok(Source::ChangeSet(set));
        }
        if self.all_matching == "true" {
            let filter = Filter::parse(&self.filter)?;
            let words = self.q.trim();
            return Ok(Source::Matching(if words.is_empty() { filter } else { filter.and(Condition::Search(words.to_owned())) }));
        }
        if self.id.is_empty() || self.id.len() > MOST_SELECTED {
            return Err(Problem::field("/id", "id.required", format!("Select 1 to {MOST_SELECTED} leads first, or all that match")));
        }
        Ok(Source::Ids(self.id.clone()))
    }

    fn hidden(&self) -> Markup {
        html! {
            @for id in &self.id { (ui::hidden("id", &id.to_string())) }
            @if self.all_matching == "true" { (ui::hidden("all_matching", "true")) (ui::hidden("filter", &self.filter)) (ui::hidden("q", &self.q)) }
            @if let Some(set) = self.change_set { (ui::hidden("change_set", &set.to_string())) }
        }
    }

    fn who(&self) -> String {
        match (self.change_set, self.all_matching.as_str()) {
            (Some(_), _) => "All leads of that change".to_owned(),
            (None, "true") => "All leads that match".to_owned(),
            (None, _) => ui::plural(self.id.len() as i64, "lead", "leads"),
        }
    }
}

/// Asks for the segment.
pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<Form>) -> Result<Response, Problem> {
    if let Err(problem) = form.value.source() {
        return Ok(redirect("/leads", Some(Flash::error(problem.detail))));
    }
    Ok(render(&app, &viewer, &form.value, None).await?.into_response())
}

/// Puts them in, or takes them out.
pub(super) async fn submit(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<Form>) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let (now, typed) = (app.clock.now(), form.value);
    let source = typed.source()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay.into_response());
    }
    let action = if typed.action == "remove" { MemberAction::Remove } else { MemberAction::Add };
    let chosen = match typed.segment.parse::<SegmentId>() {
        Ok(id) => Ok(id),
        Err(_) if action == MemberAction::Remove => {
            Err(Problem::field("/segment", "segment.required", "Choose the segment to take them out of"))
        }
        Err(_) => {
            let new = NewSegment { name: typed.name.clone(), description: String::new(), kind: Kind::Fixed, filter: None };
            create_segment(&app, &tx, new, viewer.actor(), now).await.map(|segment| segment.id).map_err(Problem::from)
        }
    };
    let changed = match chosen {
        Ok(id) => {
            change_members(&app, &tx, id, source, action, viewer.actor(), now).await.map(|changed| (id, changed)).map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    let (id, changed) = match changed {
        Ok(done) => done,
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::Conflict) => {
            drop(tx);
            return Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, &typed, Some(&problem)).await?).into_response());
        }
        Err(problem) => return Err(problem),
    };
    let verb = if action == MemberAction::Add { "put in" } else { "taken out" };
    let (to, said) = match changed {
        Changed::Done(0) => (format!("/segments/{id}"), Flash::success("Nothing to change: they were as wished already.")),
        Changed::Done(count) => (format!("/segments/{id}"), Flash::success(format!("{} {verb}.", ui::plural(count, "lead", "leads")))),
        Changed::Started(job) => {
            (format!("/segments/jobs/{}", job.0), Flash::success("Started. You can leave this page; the work goes on."))
        }
    };
    idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
    app.feed.nudge();
    Ok(redirect(&to, Some(said)))
}

async fn render(app: &App, viewer: &Viewer, typed: &Form, problem: Option<&Problem>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let segments = store::segments::choices(&tx, Some(Kind::Fixed)).await?;
    tx.commit().await?;
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let choices =
        [(String::new(), "A new segment".to_owned())].into_iter().chain(segments.into_iter().map(|(id, name)| (id.to_string(), name)));
    let content = html! {
        (ui::page_header_under(&[("Leads", "/leads")], "Put into a segment", &typed.who(), html! {}))
        (ui::card("", html! {}, html! {
            form.form method="post" action="/segments/members" {
                @if let Some(problem) = problem { @if problem.errors.is_empty() { (ui::form_error(&problem.detail)) } }
                @if let Some(wrong) = problem.and_then(filter_error) { (ui::form_error(&wrong)) }
                (typed.hidden())
                (Field::select("action", "What to do", [("add", "Put them in"), ("remove", "Take them out")]).value(&typed.action))
                (Field::select("segment", "Segment", choices).value(&typed.segment).error(error("segment")).hint("Fixed segments only: who is in a dynamic one is decided by its filter."))
                (Field::text("name", "Name of the new segment").value(&typed.name).error(error("name")).attr("maxlength", "100").autocomplete("off"))
                (ui::form_actions(html! { (Button::primary("Go")) (Button::secondary("Cancel").href("/leads")) }))
            }
        }))
    };
    Ok(viewer.page(Nav::Segments, "Put into a segment", content))
}
