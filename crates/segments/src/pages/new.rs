use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{Answer, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite, Viewer};
use leads::{Filter, filter::Condition};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Nav};

use super::{definition::Definition, filter_error};
use crate::{
    actions::create::create_segment,
    model::{Kind, NewSegment},
};

/// What a new segment begins with: the filter of the leads that somebody looks at.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    filter: String,
    /// Words that were searched for besides.
    q: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    name: String,
    description: String,
    kind: String,
    filter: String,
}

impl Form {
    fn new_segment(&self) -> Result<NewSegment, Problem> {
        let kind = match self.kind.as_str() {
            "fixed" | "fixed_empty" => Kind::Fixed,
            _ => Kind::Dynamic,
        };
        let filter = if self.kind == "fixed_empty" { None } else { Some(Filter::parse(&self.filter)?) };
        Ok(NewSegment { name: self.name.clone(), description: self.description.clone(), kind, filter })
    }
}

pub(super) async fn show(State(app): State<App>, viewer: Can<LeadsWrite>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    let mut filter = leads::filter::read(&app, &viewer.scope, &query.filter).await?;
    if !query.q.trim().is_empty() {
        filter = filter.and(Condition::Search(query.q.trim().to_owned()));
    }
    render(&app, &viewer, filter, &Form::default(), None).await
}

pub(super) async fn create(State(app): State<App>, viewer: Can<LeadsWrite>, form: PageForm<Form>) -> Result<Response, Problem> {
    let idempotency = form.idempotency.by(viewer.actor());
    let (now, typed) = (app.clock.now(), form.value);
    let new = typed.new_segment()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, now).await? {
        return Ok(replay.into_response());
    }
    match create_segment(&app, &tx, new, viewer.actor(), now).await.map_err(Problem::from) {
        Ok(segment) => {
            let to = format!("/segments/{}", segment.id);
            idempotency.finish(tx, Answer::see_other(to.as_str())).await?;
            app.feed.nudge();
            Ok(redirect(&to, Some(Flash::success("Segment made."))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            let filter = Filter::parse(&typed.filter)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, filter, &typed, Some(&problem)).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(app: &App, viewer: &Viewer, filter: Filter, typed: &Form, problem: Option<&Problem>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let definition = Definition::load(app, &tx, filter, None).await?;
    tx.commit().await?;
    let error = |name: &str| problem.and_then(|problem| problem.of_field(name));
    let kinds = [
        ("dynamic", "Dynamic: whoever matches the filter, always up to date"),
        ("fixed", "Fixed: whoever matches the filter now"),
        ("fixed_empty", "Fixed: empty, leads are put in by hand"),
    ];
    let content = html! {
        (ui::page_header_under(&[("Segments", "/segments")], "New segment", "", html! {}))
        (ui::split(
            ui::card("", html! {}, html! {
                form.form method="post" action="/segments" {
                    @if let Some(problem) = problem { @if problem.errors.is_empty() { (ui::form_error(&problem.detail)) } }
                    (ui::hidden("filter", &definition.filter.to_json()))
                    (Field::text("name", "Name").value(&typed.name).error(error("name")).required().attr("maxlength", "100").autocomplete("off").autofocus())
                    (Field::textarea("description", "Description", 2).value(&typed.description).error(error("description")).hint("What it is for, so that colleagues know."))
                    (Field::select("kind", "Type", kinds).value(&typed.kind).error(error("kind").or_else(|| problem.and_then(filter_error))))
                    (ui::form_actions(html! { (Button::primary("Make segment")) (Button::secondary("Cancel").href("/segments")) }))
                }
            }),
            ui::card("Filter", html! {}, definition.editor("/segments/new")),
        ))
    };
    Ok(viewer.page(Nav::Segments, "New segment", content))
}
