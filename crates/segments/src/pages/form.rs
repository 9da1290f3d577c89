use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{ApiPath, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, LeadsWrite, Viewer};
use kernel::SegmentId;
use leads::Filter;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Nav};

use super::{definition::Definition, filter_error};
use crate::{
    actions::update::update_segment,
    model::{Kind, Segment, SegmentChange},
    store,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    /// Another filter to look at before it is saved; left out: the saved one.
    filter: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Form {
    name: String,
    description: String,
    owner_id: String,
    filter: String,
    /// The version that was on the screen.
    version: i32,
}

impl Form {
    fn change(&self, kind: Kind) -> Result<SegmentChange, Problem> {
        let owner = Some(self.owner_id.as_str()).filter(|id| !id.is_empty());
        let unknown = |_| Problem::field("/owner_id", "owner_id.unknown", "Choose a colleague, or nobody");
        Ok(SegmentChange {
            name: Some(self.name.clone()),
            description: Some(self.description.clone()),
            filter: if kind == Kind::Dynamic { Some(Filter::parse(&self.filter)?) } else { None },
            owner_id: Some(owner.map(str::parse).transpose().map_err(unknown)?),
            archived: None,
        })
    }
}

pub(super) async fn edit(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<SegmentId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let segment = store::segments::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    let proposed = match &query.filter {
        Some(filter) => Some(leads::filter::read_as(&app, &viewer.scope, filter, Some(id)).await?),
        None => None,
    };
    let typed = Form {
        name: segment.name.clone(),
        description: segment.description.clone(),
        owner_id: segment.owner_id.map(|id| id.to_string()).unwrap_or_default(),
        filter: String::new(),
        version: segment.version,
    };
    let filter = proposed.or_else(|| segment.filter.clone()).unwrap_or_default();
    render(&app, &viewer, &segment, filter, &typed, None).await
}

pub(super) async fn save(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath(id): ApiPath<SegmentId>,
    form: PageForm<Form>,
) -> Result<Response, Problem> {
    let typed = form.value;
    let tx = app.db.tenant(&viewer.scope).await?;
    let segment = store::segments::get(&tx, id).await?.ok_or_else(Problem::not_found)?;
    let expected = (typed.version > 0).then_some(typed.version);
    let saved = match typed.change(segment.kind) {
        Ok(change) => update_segment(&app, &tx, id, change, expected, viewer.actor(), app.clock.now()).await.map_err(Problem::from),
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => {
            tx.commit().await?;
            app.feed.nudge();
            Ok(redirect(&format!("/segments/{id}"), Some(Flash::success("Segment saved."))))
        }
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::PreconditionFailed) => {
            drop(tx);
            let filter = Filter::parse(&typed.filter).ok().or_else(|| segment.filter.clone()).unwrap_or_default();
            let page = render(&app, &viewer, &segment, filter, &typed, Some(&problem)).await?;
            Ok((problem.kind.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(
    app: &App,
    viewer: &Viewer,
    segment: &Segment,
    filter: Filter,
    typed: &Form,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let is_dynamic = segment.kind == Kind::Dynamic;
    let is_proposal = is_dynamic && segment.filter.as_ref() != Some(&filter);
    let tx = app.db.tenant(&viewer.scope).await?;
    let members = identity::members(&tx).await?;
    let definition = if is_dynamic { Some(Definition::load(app, &tx, filter, Some(segment.id)).await?) } else { None };
    tx.commit().await?;
    let (here, error) = (format!("/segments/{}", segment.id), |name: &str| problem.and_then(|problem| problem.of_field(name)));
    let owners =
        [(String::new(), "Nobody".to_owned())].into_iter().chain(members.iter().map(|member| (member.id.to_string(), member.name.clone())));
    let form = html! {
        form.form method="post" action={ (here) "/edit" } {
            @if let Some(problem) = problem { @if problem.errors.is_empty() { (ui::form_error(&problem.detail)) } }
            @if let Some(wrong) = problem.and_then(filter_error) { (ui::form_error(&wrong)) }
            (ui::hidden("version", &typed.version.to_string()))
            @if let Some(definition) = &definition { (ui::hidden("filter", &definition.filter.to_json())) }
            @if is_proposal { (ui::notice(ui::Tone::Info, html! { "The filter beside is another one; it is not saved yet." })) }
            (Field::text("name", "Name").value(&typed.name).error(error("name")).required().attr("maxlength", "100").autocomplete("off"))
            (Field::textarea("description", "Description", 2).value(&typed.description).error(error("description")))
            (Field::select("owner_id", "Owner", owners).value(&typed.owner_id).error(error("owner_id")).hint("Whom colleagues ask about it."))
            (ui::form_actions(html! { (Button::primary("Save segment")) (Button::secondary("Cancel").href(&here)) }))
        }
    };
    let content = html! {
        (ui::page_header_under(&[("Segments", "/segments"), (&segment.name, &here)], "Edit segment", "", html! {}))
        @match &definition {
            Some(definition) => (ui::split(ui::card("", html! {}, form), ui::card("Filter", html! {}, definition.editor(&format!("{here}/edit"))))),
            None => (ui::card("", html! {}, form)),
        }
    };
    Ok(viewer.page(Nav::Segments, "Edit segment", content))
}
