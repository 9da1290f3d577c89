use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{App, Flash, PageForm, Problem, ProblemKind, redirect};
use maud::{Markup, html};
use ui::{Button, Field, Icon, Nav, table};

use crate::{
    Can, Member, NewMember, Organisation, OrganisationChange, Permission, Role, SettingsRead, SettingsWrite, TeamWrite, Viewer, store,
};

/// What was typed and refused, to show again.
#[derive(Default)]
struct Refused<'a> {
    member: Option<(&'a NewMember, &'a Problem)>,
    organisation: Option<(&'a OrganisationChange, &'a Problem)>,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Markup, Problem> {
    render(&app, &viewer, &Refused::default()).await
}

pub(super) async fn add(State(app): State<App>, viewer: Can<TeamWrite>, form: PageForm<NewMember>) -> Result<Response, Problem> {
    let typed = NewMember { password: String::new(), ..form.value.clone() };
    match crate::add_member(&app, &viewer, form.value).await.map_err(Problem::from) {
        Ok(_) => Ok(redirect("/settings/team", Some(Flash::success(format!("{} can sign in now.", typed.name.trim()))))),
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let refused = Refused { member: Some((&typed, &problem)), ..Refused::default() };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, &refused).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn update(
    State(app): State<App>,
    viewer: Can<SettingsWrite>,
    form: PageForm<OrganisationChange>,
) -> Result<Response, Problem> {
    match crate::update_organisation(&app, &viewer, form.value.clone()).await {
        Ok(_) => Ok(redirect("/settings/team", Some(Flash::success("Organisation saved.")))),
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            let refused = Refused { organisation: Some((&form.value, &problem)), ..Refused::default() };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, &refused).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn render(app: &App, viewer: &Viewer, refused: &Refused<'_>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (organisation, members) = (store::organisation(&tx).await?, store::members(&tx).await?);
    tx.commit().await?;
    let content = html! {
        (ui::page_header("Team", "Your organisation and the people in it.", html! {}))
        (ui::stack(html! {
            (ui::card("Organisation", html! {}, organisation_card(viewer, &organisation, refused)))
            (ui::card_flush("People", html! {}, people(&members)))
            @if viewer.may(Permission::TeamWrite) {
                (ui::card("Add a colleague", html! {}, member_form(refused)))
            }
            (ui::card_flush("What each role may do", html! {}, matrix()))
        }))
    };
    Ok(viewer.page(Nav::Team, "Team", content))
}

fn organisation_card(viewer: &Viewer, organisation: &Organisation, refused: &Refused<'_>) -> Markup {
    let typed = refused.organisation.map(|(typed, _)| typed);
    let error = |name: &str| refused.organisation.and_then(|(_, problem)| problem.of_field(name));
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
            (ui::form_actions(html! { (Button::primary("Save organisation")) }))
        }
    }
}

fn people(members: &[Member]) -> Markup {
    table::wrap(
        "People",
        html! {
            table.table {
                thead { tr { (table::th("Name")) (table::th("Role")) (table::th("Since")) } }
                tbody {
                    @for member in members {
                        tr {
                            td.is-title data-label="Name" { (ui::person(&member.name, Some(&member.email))) }
                            td data-label="Role" { (member.role.parse::<Role>().map_or("", Role::label)) }
                            td data-label="Since" { (ui::date(member.created_at)) }
                        }
                    }
                }
            }
        },
    )
}

fn member_form(refused: &Refused<'_>) -> Markup {
    let empty = NewMember { role: "rep".to_owned(), ..NewMember::default() };
    let typed = refused.member.map_or(&empty, |(typed, _)| typed);
    let error = |name: &str| refused.member.and_then(|(_, problem)| problem.of_field(name));
    let roles = Role::ALL.into_iter().filter(|role| *role != Role::Owner).map(|role| (role.as_str(), role.label()));
    html! {
        form.stack method="post" action="/settings/team" {
            (ui::field_grid(html! {
                (Field::text("name", "Name").value(&typed.name).error(error("name")).autocomplete("off").required())
                (Field::email("email", "E-mail").value(&typed.email).error(error("email")).autocomplete("off").required())
                (Field::select("role", "Role", roles).value(&typed.role).error(error("role")))
                (Field::password("password", "First password").error(error("password")).autocomplete("new-password").required()
                    .hint("Hand it over in person."))
            }))
            (ui::form_actions(html! { (Button::primary("Add colleague").icon(Icon::Plus)) }))
        }
    }
}

fn matrix() -> Markup {
    let rows = [
        ("See leads, campaigns and reports", Permission::LeadsRead),
        ("Create, edit and import leads", Permission::LeadsWrite),
        ("Write templates and campaigns", Permission::CampaignsWrite),
        ("Launch, pause and resume campaigns", Permission::CampaignsSend),
        ("Change scoring and organisation", Permission::SettingsWrite),
        ("Add colleagues", Permission::TeamWrite),
    ];
    table::wrap(
        "Roles",
        html! {
            table.table {
                thead { tr { (table::th("May")) @for role in Role::ALL { (table::th(role.label())) } } }
                tbody {
                    @for (what, permission) in rows {
                        tr {
                            td.is-title.is-wrap data-label="May" { (what) }
                            @for role in Role::ALL {
                                td data-label=(role.label()) { @if role.permissions().has(permission) { "Yes" } @else { span.muted { "No" } } }
                            }
                        }
                    }
                }
            }
        },
    )
}
