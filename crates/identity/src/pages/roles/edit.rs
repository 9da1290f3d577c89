use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use maud::{Markup, html};
use ui::{Button, Field, Nav};

use super::form::{RoleForm, fields, key};
use crate::{
    Can, Engine, Permission, RoleKey, SettingsRead, TeamWrite, Viewer,
    actions::roles::{RoleChange, update_role},
    authority::Authority,
    store::roles::{self, RoleFacts, Roles},
};

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>, ApiPath(id): ApiPath<String>) -> Result<Markup, Problem> {
    render(&app, &viewer, key(&id)?, None, None).await
}

pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<String>,
    form: PageForm<RoleForm>,
) -> Result<Response, Problem> {
    let (key, typed) = (key(&id)?, form.value);
    let of_own = matches!(key, RoleKey::Custom(_));
    let change = RoleChange {
        name: of_own.then(|| typed.name.clone()),
        permissions: of_own.then(|| typed.permission.clone()),
        visibility: Some(typed.visibility.clone()).filter(|word| !word.is_empty()),
        // Whoever may not decide about it has no box to tick.
        mfa_required: viewer.may(Permission::SecurityWrite).then_some(typed.mfa_required.is_some()),
    };
    let tx = app.db.tenant(&viewer.scope).await?;
    match update_role(&app, &tx, &viewer, key, change, app.clock.now()).await {
        Ok(role) => {
            tx.commit().await?;
            Engine::of(&app)?.forget_people_of(viewer.org_id);
            Ok(redirect(
                "/settings/roles",
                Some(Flash::success(format!("Role {} saved. It acts from the next click of its people on.", role.name))),
            ))
        }
        Err(problem) if problem.remedy.is_none() && matches!(problem.kind, ProblemKind::Invalid | ProblemKind::Forbidden) => {
            drop(tx);
            let page = render(&app, &viewer, key, Some(&typed), Some(&problem)).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn render(
    app: &App,
    viewer: &Viewer,
    key: RoleKey,
    typed: Option<&RoleForm>,
    problem: Option<&Problem>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let all = roles::roles(&tx).await?;
    let role = all.get(key).ok_or_else(Problem::not_found)?;
    let uses = roles::uses(&tx, key).await?;
    tx.commit().await?;
    let may_edit = viewer.may(Permission::TeamWrite) && Authority::of(viewer).covers(role);
    let content = html! {
        (ui::page_header_under(&[("Roles", "/settings/roles")], &role.name, &ui::plural(role.people, "person has this role", "people have this role"), html! {}))
        (ui::stack(html! {
            @if may_edit {
                (ui::card("", html! {}, fields(viewer, &format!("/settings/roles/{key}"), typed.unwrap_or(&RoleForm::of(role)), Some(role), problem)))
                @if !role.built_in { (ui::card("Delete role", html! {}, delete_form(viewer, role, &all, uses))) }
            } @else {
                (ui::card("", html! {}, facts(viewer, role)))
            }
        }))
    };
    Ok(viewer.page(Nav::Team, &role.name, content))
}

fn facts(viewer: &Viewer, role: &RoleFacts) -> Markup {
    let may = html! { ul { @for permission in role.effective().iter() { li { (permission.label()) } } } };
    html! {
        (ui::definition_list([
            ("May", may),
            ("Sees", html! { (role.visibility.label()) }),
            ("Second factor", html! { (if role.mfa_required { "Needed" } else { "Not needed" }) }),
        ]))
        @if viewer.may(Permission::TeamWrite) { p.muted { "This role is above yours, so you cannot change it." } }
    }
}

fn delete_form(viewer: &Viewer, role: &RoleFacts, all: &Roles, uses: i64) -> Markup {
    let authority = Authority::of(viewer);
    let others: Vec<(String, String)> = all
        .iter()
        .filter(|other| other.key != role.key && !other.key.is_owner() && authority.covers(other))
        .map(|other| (other.key.to_string(), other.name.clone()))
        .collect();
    html! {
        form.stack method="post" action={ "/settings/roles/" (role.key) "/delete" } {
            @if uses > 0 {
                (Field::select("replacement", "Its people and invitations get", others).value("viewer"))
            } @else {
                p.muted { "Nobody has this role." }
            }
            (ui::form_actions(html! { (Button::danger("Delete role").confirm(format!("Delete the role {}? This cannot be undone.", role.name))) }))
        }
    }
}
