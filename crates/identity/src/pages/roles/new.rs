use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use maud::{Markup, html};
use ui::Nav;

use super::form::{RoleForm, fields};
use crate::{
    Can, Role, TeamWrite,
    actions::roles::{NewRole, create_role},
};

pub(super) async fn show(viewer: Can<TeamWrite>) -> Markup {
    let permission = Role::Rep.permissions().words().into_iter().map(str::to_owned).collect();
    let visibility = viewer.place().visibility.as_str().to_owned();
    page(&viewer, &RoleForm { permission, visibility, ..RoleForm::default() }, None)
}

pub(super) async fn submit(State(app): State<App>, viewer: Can<TeamWrite>, form: PageForm<RoleForm>) -> Result<Response, Problem> {
    let typed = form.value;
    let new = NewRole {
        name: typed.name.clone(),
        permissions: typed.permission.clone(),
        visibility: Some(typed.visibility.clone()).filter(|word| !word.is_empty()),
        mfa_required: typed.mfa_required.is_some(),
    };
    let tx = app.db.tenant(&viewer.scope).await?;
    match create_role(&app, &tx, &viewer, new, app.clock.now()).await {
        Ok(role) => {
            tx.commit().await?;
            Ok(redirect("/settings/roles", Some(Flash::success(format!("Role {} made. Give it to people under Team.", role.name)))))
        }
        Err(problem)
            if problem.remedy.is_none()
                && matches!(problem.kind, ProblemKind::Invalid | ProblemKind::Forbidden | ProblemKind::Conflict) =>
        {
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page(&viewer, &typed, Some(&problem))).into_response())
        }
        Err(problem) => Err(problem),
    }
}

fn page(viewer: &Can<TeamWrite>, typed: &RoleForm, problem: Option<&Problem>) -> Markup {
    let content = html! {
        (ui::page_header_under(&[("Roles", "/settings/roles")], "New role", "You can give only what you may do yourself.", html! {}))
        (ui::card("", html! {}, fields(viewer, "/settings/roles", typed, None, problem)))
    };
    viewer.page(Nav::Team, "New role", content)
}
