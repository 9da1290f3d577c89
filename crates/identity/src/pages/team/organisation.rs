use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use maud::{Markup, html};
use ui::{Button, Field};

use super::{Refused, list, query::Query};
use crate::{Can, Organisation, OrganisationChange, Permission, SettingsWrite, Viewer};

pub(super) async fn update(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    form: PageForm<OrganisationChange>,
) -> Result<Response, Problem> {
    match crate::update_organisation(&app, &viewer, form.value.clone()).await {
        Ok(_) => Ok(redirect("/settings/team", Some(Flash::success("Organisation saved.")))),
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let refused = Refused { organisation: Some((&form.value, &problem)), ..Refused::default() };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, list::render(&app, &viewer, &Query::default(), &refused).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) fn card(viewer: &Viewer, organisation: &Organisation, refused: Option<(&OrganisationChange, &Problem)>) -> Markup {
    let typed = refused.map(|(typed, _)| typed);
    let error = |name: &str| refused.and_then(|(_, problem)| problem.of_field(name));
    let name = typed.and_then(|typed| typed.name.as_deref()).unwrap_or(&organisation.name);
    let address = typed.and_then(|typed| typed.postal_address.as_deref()).unwrap_or(&organisation.postal_address);
    if !viewer.may(Permission::SettingsWrite) {
        return ui::definition_list([("Name", html! { (organisation.name) }), ("Postal address", html! { (organisation.postal_address) })]);
    }
    html! {
        form.stack method="post" action="/settings/organisation" {
            (Field::text("name", "Name").value(name).error(error("name")).required())
            (Field::textarea("postal_address", "Postal address", 3).value(address).error(error("postal_address"))
                .hint("Printed below every campaign e-mail: the law (CAN-SPAM) wants it, so campaigns cannot be launched without it."))
            (ui::form_actions(html! { (Button::secondary("Save organisation")) }))
        }
    }
}
