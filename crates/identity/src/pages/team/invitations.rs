use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use jiff::Timestamp;
use kernel::InvitationId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Tone, table};

use super::{
    Refused,
    list::{self, Around},
    people::refusal,
    query::Query,
};
use crate::{
    Can, Permission, TeamWrite,
    actions::invite::{self, NewInvitations, resend_invitation, revoke_invitation},
    store::invitations::Invitation,
};

#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(super) struct InviteForm {
    /// Divided by lines, spaces, commas or semicolons.
    emails: String,
    role: String,
    team_id: String,
}

pub(super) async fn invite(State(app): State<App>, viewer: Can<TeamWrite>, form: PageForm<InviteForm>) -> Result<Response, Problem> {
    let typed = form.value;
    let divides = |c: char| c.is_whitespace() || ",;".contains(c);
    let new = NewInvitations {
        emails: typed.emails.split(divides).filter(|text| !text.is_empty()).map(str::to_owned).collect(),
        role: typed.role.clone(),
        team_id: typed.team_id.parse().ok(),
    };
    let tx = app.db.tenant(&viewer.scope).await?;
    match invite::invite(&app, &tx, &viewer, new, app.clock.now()).await {
        Ok(sent) => {
            tx.commit().await?;
            let whom = match sent.as_slice() {
                [one] => one.email.clone(),
                many => format!("{} people", many.len()),
            };
            Ok(redirect("/settings/team", Some(Flash::success(format!("{whom} invited. The link in the letter works for seven days.")))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid || (problem.kind == ProblemKind::Forbidden && problem.remedy.is_none()) => {
            drop(tx);
            let refused = Refused { invitation: Some((&typed, &problem)), ..Refused::default() };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, list::render(&app, &viewer, &Query::default(), &refused).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

pub(super) async fn resend(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<InvitationId>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let flash = match resend_invitation(&app, &tx, &viewer, id, app.clock.now()).await {
        Ok(sent) => {
            tx.commit().await?;
            Flash::success(format!("A new letter is on its way to {}. The link before works no more.", sent.email))
        }
        Err(problem) => refusal(problem)?,
    };
    Ok(redirect("/settings/team", Some(flash)))
}

pub(super) async fn revoke(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<InvitationId>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let flash = match revoke_invitation(&tx, &viewer, id, app.clock.now()).await {
        Ok(gone) => {
            tx.commit().await?;
            Flash::success(format!("The invitation of {} is withdrawn.", gone.email))
        }
        Err(problem) => refusal(problem)?,
    };
    Ok(redirect("/settings/team", Some(flash)))
}

pub(super) fn list(around: &Around<'_>, waiting: &[Invitation], now: Timestamp) -> Markup {
    let writes = around.viewer.may(Permission::TeamWrite);
    table::wrap(
        "Invitations",
        html! {
            table.table {
                thead {
                    tr {
                        (table::th("Address")) (table::th("Role")) (table::th("Invited by")) (table::th("Sent")) (table::th("Link"))
                        @if writes { (table::th_actions()) }
                    }
                }
                tbody {
                    @for row in waiting {
                        tr id=(row.id) {
                            td.is-title data-label="Address" { (row.email) }
                            td data-label="Role" { (around.roles.name(&row.role)) }
                            td data-label="Invited by" { (row.invited_by_name) }
                            td.is-quiet data-label="Sent" { (ui::ago(row.created_at)) }
                            td data-label="Link" {
                                @if row.expires_at > now { (ui::status_dot(Tone::Info, "Waiting")) } @else { (ui::status_dot(Tone::Warning, "Expired")) }
                            }
                            @if writes {
                                td.is-actions data-label="" {
                                    div.button-row {
                                        form method="post" action={ "/settings/team/invitations/" (row.id) "/resend" } {
                                            (Button::icon_only(Icon::Refresh, format!("Send the letter to {} again", row.email)).small())
                                        }
                                        form method="post" action={ "/settings/team/invitations/" (row.id) "/revoke" } {
                                            (Button::icon_only(Icon::Trash, format!("Withdraw the invitation of {}", row.email)).small()
                                                .confirm(format!("Withdraw the invitation of {}? The link in their letter stops working.", row.email)))
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

pub(super) fn form(around: &Around<'_>, refused: Option<(&InviteForm, &Problem)>) -> Markup {
    let empty = InviteForm { role: "rep".to_owned(), ..InviteForm::default() };
    let typed = refused.map_or(&empty, |(typed, _)| typed);
    let error = |name: &str| refused.and_then(|(_, problem)| problem.of_field(name));
    // Each address that is none, by itself.
    let wrong: Vec<&str> = refused
        .iter()
        .flat_map(|(_, problem)| {
            problem.errors.iter().filter(|error| error.pointer.starts_with("/emails")).map(|error| error.detail.as_str())
        })
        .collect();
    html! {
        form.stack method="post" action="/settings/team/invitations" {
            (Field::textarea("emails", "E-mail addresses", 2).value(&typed.emails).error((!wrong.is_empty()).then(|| wrong.join(". "))).required()
                .autocomplete("off").hint("One or several, each on its own line or divided by commas. Whoever has no account yet makes one by the link."))
            (ui::field_grid(html! {
                (Field::select("role", "Role", around.roles_to_give(None, false)).value(&typed.role).error(error("role")))
                @if around.may_team() { (Field::select("team_id", "Team", around.teams_to_give()).value(&typed.team_id).error(error("team_id"))) }
            }))
            (ui::form_actions(html! { (Button::primary("Send invitations").icon(Icon::Mail)) }))
        }
    }
}
