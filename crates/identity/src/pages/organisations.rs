//! Several organisations: working in another, founding one.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, Routes, redirect};
use kernel::OrgId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use crate::{
    Person,
    actions::{
        organisations::{found_organisation, switch_organisation},
        sign_up,
    },
};

pub(super) fn pages() -> Routes {
    Routes::new().get("/organisations/new", show).post("/organisations/new", submit).post("/switch", switch)
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FoundForm {
    organisation: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct SwitchForm {
    organisation: OrgId,
}

async fn show(State(app): State<App>, person: Person) -> Result<Markup, Problem> {
    sign_up::allowed(&app).await?;
    Ok(page(&person, "", None))
}

async fn submit(State(app): State<App>, person: Person, form: PageForm<FoundForm>) -> Result<Response, Problem> {
    match found_organisation(&app, &person, &form.value.organisation).await {
        Ok(_) => Ok(redirect("/", Some(Flash::success(format!("{} is yours.", form.value.organisation.trim()))))),
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&person, &form.value.organisation, Some(&problem))).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn switch(State(app): State<App>, person: Person, form: PageForm<SwitchForm>) -> Result<Response, Problem> {
    switch_organisation(&app, &person, form.value.organisation).await?;
    // Not to the page that they came from: its record belongs to the organisation before.
    Ok(redirect("/", None))
}

fn page(person: &Person, typed: &str, problem: Option<&Problem>) -> Markup {
    person.bare(
        "New organisation",
        html! {
            h1 { "New organisation" }
            p.muted { "You become its owner. It has leads, campaigns and people of its own, apart from the others you belong to." }
            form.stack method="post" action="/organisations/new" {
                (Field::text("organisation", "Organisation").value(typed).error(problem.and_then(|problem| problem.of_field("organisation")))
                    .autocomplete("organization").required().autofocus().attr("maxlength", "200"))
                (Button::primary("Create organisation"))
                (Button::ghost("Cancel").href("/"))
            }
        },
    )
}
