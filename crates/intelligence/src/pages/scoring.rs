use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, Permission, SettingsRead, SettingsWrite, Viewer};
use maud::{Markup, html};
use ui::Nav;

use super::{
    form::{self, Typed},
    preview::section,
    progress,
};
use crate::{
    actions::{preview, rescore, save},
    model::Weights,
    store,
};

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Markup, Problem> {
    render(&app, &viewer, None).await
}

pub(super) async fn submit(State(app): State<App>, viewer: Can<SettingsWrite>, form: PageForm<Typed>) -> Result<Response, Problem> {
    let seen = form.value.get("version").and_then(|version| version.parse().ok());
    let saved = match form::parse(&form.value) {
        Ok(weights) => save::save(&app, &viewer, weights, seen).await,
        Err(problem) => Err(problem),
    };
    match saved {
        Ok(_) => Ok(redirect("/settings/scoring", Some(Flash::success("Weights saved. Your leads are being rescored.")))),
        Err(problem) if matches!(problem.kind, ProblemKind::Invalid | ProblemKind::PreconditionFailed) => {
            let page = render(&app, &viewer, Some((&form.value, Some(&problem)))).await?;
            Ok((problem.kind.status(), page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// The page with the typed weights tried and not saved.
pub(super) async fn preview(State(app): State<App>, viewer: Can<SettingsRead>, form: PageForm<Typed>) -> Result<Response, Problem> {
    let problem = form::parse(&form.value).err();
    let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = render(&app, &viewer, Some((&form.value, problem.as_ref()))).await?;
    Ok((status, page).into_response())
}

/// The page: the stored weights, or what was typed with what is wrong about it.
async fn render(app: &App, viewer: &Viewer, typed: Option<(&Typed, Option<&Problem>)>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let model = store::model(&tx).await?;
    let stored = form::typed(&model.weights, model.version);
    let (typed, problem) = typed.unwrap_or((&stored, None));
    let weights: Option<Weights> = form::parse(typed).ok();
    let preview = preview::preview(&tx, weights.as_ref().unwrap_or(&model.weights)).await?;
    let job = rescore::status(&tx).await?;
    tx.commit().await?;
    let content = html! {
        (ui::page_header(
            "Scoring",
            "Each lead gets the points of every rule that applies, limited to 0–100. The reasons stand beside the score and add up to it.",
            html! {},
        ))
        (ui::split(
            form::editor(typed, problem, &preview.common, viewer.may(Permission::SettingsWrite)),
            html! {
                (progress::card(viewer, job.as_ref()))
                (section(weights.is_some().then_some(&preview)))
            },
        ))
    };
    Ok(viewer.page(Nav::Scoring, "Scoring", content))
}
