use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, App, Flash, PageForm, Problem, ProblemKind, redirect};
use kernel::{TeamId, UserId};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav};

use super::{people::refusal, tabs};
use crate::{
    Can, Engine, Member, Permission, SettingsRead, TeamWrite, Viewer, Visibility,
    actions::{
        change_member::{MemberChange, change_member},
        teams::{TeamName, create_team, delete_team, rename_team},
    },
    store::{
        colleagues::{self, Colleague, Search, TeamOf},
        members,
        teams::{self, Team},
    },
};

/// People of one team that are named here; the list of people shows the others.
const NAMED: i64 = 20;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct TeamForm {
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MemberForm {
    user_id: String,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Markup, Problem> {
    render(&app, &viewer, None).await
}

pub(super) async fn create(State(app): State<App>, viewer: Can<TeamWrite>, form: PageForm<TeamForm>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    match create_team(&tx, &viewer, TeamName { name: form.value.name.clone() }, app.clock.now()).await {
        Ok(team) => {
            tx.commit().await?;
            Ok(redirect("/settings/teams", Some(Flash::success(format!("Team {} made.", team.name)))))
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            let page = render(&app, &viewer, Some((&form.value.name, &problem))).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(problem) => Ok(redirect("/settings/teams", Some(refusal(problem)?))),
    }
}

pub(super) async fn rename(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<TeamId>,
    form: PageForm<TeamForm>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let flash = match rename_team(&tx, &viewer, id, TeamName { name: form.value.name }, app.clock.now()).await {
        Ok(team) => {
            tx.commit().await?;
            Flash::success(format!("The team is called {} now.", team.name))
        }
        Err(problem) => refusal(problem)?,
    };
    Ok(redirect("/settings/teams", Some(flash)))
}

pub(super) async fn delete(State(app): State<App>, viewer: Can<TeamWrite>, ApiPath(id): ApiPath<TeamId>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let flash = match delete_team(&tx, &viewer, id, app.clock.now()).await {
        Ok(name) => {
            tx.commit().await?;
            Engine::of(&app)?.forget_people_of(viewer.org_id);
            Flash::success(format!("Team {name} deleted. Its people are in no team now."))
        }
        Err(problem) => refusal(problem)?,
    };
    Ok(redirect("/settings/teams", Some(flash)))
}

pub(super) async fn add(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(id): ApiPath<TeamId>,
    form: PageForm<MemberForm>,
) -> Result<Response, Problem> {
    place(&app, &viewer, &form.value, Some(id)).await
}

pub(super) async fn take_out(
    State(app): State<App>,
    viewer: Can<TeamWrite>,
    ApiPath(_): ApiPath<TeamId>,
    form: PageForm<MemberForm>,
) -> Result<Response, Problem> {
    place(&app, &viewer, &form.value, None).await
}

async fn place(app: &App, viewer: &Can<TeamWrite>, form: &MemberForm, team: Option<TeamId>) -> Result<Response, Problem> {
    let id: UserId = form.user_id.parse().map_err(|_| Problem::not_found())?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let change = MemberChange { role: None, team_id: Some(team) };
    let flash = match change_member(app, &tx, viewer, id, change, app.clock.now()).await {
        Ok(colleague) => {
            tx.commit().await?;
            Engine::of(app)?.forget_people_of(viewer.org_id);
            Flash::success(match colleague.team {
                Some(team) => format!("{} is in team {team} now.", colleague.name),
                None => format!("{} is in no team now.", colleague.name),
            })
        }
        Err(problem) => refusal(problem)?,
    };
    Ok(redirect("/settings/teams", Some(flash)))
}

async fn render(app: &App, viewer: &Viewer, refused: Option<(&str, &Problem)>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let (teams, everybody) = (teams::teams(&tx).await?, members(&tx).await?);
    let mut people = Vec::with_capacity(teams.len());
    for team in &teams {
        let search = Search { team: Some(TeamOf::Team(team.id)), ..Search::default() };
        people.push(colleagues::list(&tx, &search, None, NAMED).await?);
    }
    tx.commit().await?;
    let writes = viewer.may(Permission::TeamWrite) && viewer.place().visibility == Visibility::All;
    let content = html! {
        (ui::page_header("Team", "Teams share their records where a role sees those of its team.", html! {}))
        (tabs("/settings/teams"))
        (ui::stack(html! {
            @if teams.is_empty() {
                (ui::empty_state(Icon::Team, "No teams yet",
                    "Put people who work together into a team, then let a role see its team's records only, under Roles.", html! {}))
            }
            @for (team, people) in teams.iter().zip(&people) { (ui::card(&team.name, html! {}, card(team, people, &everybody, writes))) }
            @if writes { (ui::card("New team", html! {}, form(refused))) }
        }))
    };
    Ok(viewer.page(Nav::Team, "Teams", content))
}

fn card(team: &Team, people: &[Colleague], everybody: &[Member], writes: bool) -> Markup {
    let path = format!("/settings/teams/{}", team.id);
    let here = |member: &&Member| !people.iter().any(|person| person.id == member.id);
    let others: Vec<(String, String)> = everybody.iter().filter(here).map(|member| (member.id.to_string(), member.name.clone())).collect();
    html! {
        div.stack {
            @if people.is_empty() { p.muted { "Nobody is in this team." } }
            @else {
                ul.team-people {
                    @for person in people {
                        li {
                            (ui::person(&person.name, Some(&person.email)))
                            @if writes {
                                form method="post" action={ (path) "/members/remove" } {
                                    (ui::hidden("user_id", &person.id.to_string()))
                                    (Button::icon_only(Icon::Close, format!("Take {} out of {}", person.name, team.name)).small())
                                }
                            }
                        }
                    }
                }
                @if team.people > people.len() as i64 {
                    p { a href={ "/settings/team?team=" (team.id) } { "All " (ui::plural(team.people, "person", "people")) } }
                }
            }
            @if writes {
                div.team-forms {
                    @if !others.is_empty() {
                        form.inline-fields method="post" action={ (path) "/members" } {
                            (Field::select("user_id", "Add somebody", others).id(format!("add-{}", team.id)))
                            (Button::secondary("Add").attr("aria-label", format!("Add to {}", team.name)))
                        }
                    }
                    form.inline-fields method="post" action=(path) {
                        (Field::text("name", "Name").id(format!("name-{}", team.id)).value(&team.name).required().autocomplete("off"))
                        (Button::secondary("Rename").attr("aria-label", format!("Rename {}", team.name)))
                    }
                    form method="post" action={ (path) "/delete" } {
                        (Button::ghost("Delete team").icon(Icon::Trash).attr("aria-label", format!("Delete team {}", team.name)).confirm(format!(
                            "Delete the team {}? Its people are in no team then; whoever sees their team's records sees their own only.", team.name)))
                    }
                }
            }
        }
    }
}

fn form(refused: Option<(&str, &Problem)>) -> Markup {
    html! {
        form.stack method="post" action="/settings/teams" {
            (Field::text("name", "Name").value(refused.map_or("", |(typed, _)| typed)).error(refused.and_then(|(_, problem)| problem.of_field("name")))
                .required().autocomplete("off").attr("maxlength", "200"))
            (ui::form_actions(html! { (Button::primary("Make team").icon(Icon::Plus)) }))
        }
    }
}
