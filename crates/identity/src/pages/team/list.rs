use axum::extract::State;
use http_kit::{ApiQuery, App, Cursor, Problem};
use maud::{Markup, html};
use ui::{Button, Field, Icon, Nav, Tone, table};

use super::{Refused, domains, invitations, organisation, ownership, query::Query, tabs};
use crate::{
    Can, Permission, SettingsRead, Viewer, Visibility,
    authority::Authority,
    store::{
        self,
        colleagues::{self, Colleague},
        domains::domains as claimed_domains,
        invitations as waiting,
        roles::{self, Roles},
        teams::{self, Team},
    },
};

const PAGE: usize = 100;
/// Invitations shown; the API pages through more.
const WAITING: i64 = 200;

pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>, ApiQuery(query): ApiQuery<Query>) -> Result<Markup, Problem> {
    render(&app, &viewer, &query, &Refused::default()).await
}

/// What the rows and forms of the page are made from.
pub(super) struct Around<'a> {
    pub(super) viewer: &'a Viewer,
    pub(super) roles: &'a Roles,
    pub(super) teams: &'a [Team],
}

impl Around<'_> {
    /// The roles that the viewer may hand out, and `kept` if somebody has it already.
    pub(super) fn roles_to_give(&self, kept: Option<&str>, owner: bool) -> Vec<(String, String)> {
        let authority = Authority::of(self.viewer);
        let offered = |role: &&roles::RoleFacts| {
            kept == Some(role.key.to_string().as_str()) || (authority.covers(role) && (owner || !role.key.is_owner()))
        };
        self.roles.iter().filter(offered).map(|role| (role.key.to_string(), role.name.clone())).collect()
    }

    /// The teams to choose from, with the choice of none.
    pub(super) fn teams_to_give(&self) -> Vec<(String, String)> {
        let none = std::iter::once((String::new(), "No team".to_owned()));
        none.chain(self.teams.iter().map(|team| (team.id.to_string(), team.name.clone()))).collect()
    }

    /// Whether the viewer decides about teams at all.
    pub(super) fn may_team(&self) -> bool {
        self.viewer.may(Permission::TeamWrite) && self.viewer.place().visibility == Visibility::All && !self.teams.is_empty()
    }

    /// Whether the viewer may change what this colleague may do.
    fn may_change(&self, colleague: &Colleague) -> bool {
        let role = colleague.role.parse().ok().and_then(|key| self.roles.get(key));
        self.viewer.may(Permission::TeamWrite) && role.is_some_and(|role| Authority::of(self.viewer).covers(role))
    }
}

pub(super) async fn render(app: &App, viewer: &Viewer, query: &Query, refused: &Refused<'_>) -> Result<Markup, Problem> {
    let after = query.after()?;
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut rows = colleagues::list(&tx, &query.search(), after.as_ref(), PAGE as i64 + 1).await?;
    let (total, organisation) = (colleagues::count(&tx).await?, store::organisation(&tx).await?);
    let (roles, teams) = (roles::roles(&tx).await?, teams::teams(&tx).await?);
    let (waiting, claimed) = (waiting::list(&tx, None, WAITING).await?, claimed_domains(&tx).await?);
    tx.commit().await?;
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    let next = rows.last().filter(|_| more).map(|last| query.at(&Cursor::encode(&(&last.sort, last.id))));
    let around = Around { viewer, roles: &roles, teams: &teams };
    let writes = viewer.may(Permission::TeamWrite);
    let actions = html! { @if writes { (Button::primary("Invite people").icon(Icon::Plus).href("#invite")) } };
    let pager = table::Pager::new(format!("{} of {}", rows.len(), ui::plural(total, "person", "people")))
        .previous(after.is_some().then(|| query.at("")))
        .next(next);
    let content = html! {
        (ui::page_header("Team", "Your organisation and the people in it.", actions))
        (tabs("/settings/team"))
        (ui::stack(html! {
            section.stack {
                @if total > 1 { (toolbar(&around, query)) }
                div #people {
                    @if rows.is_empty() {
                        (ui::empty_state(Icon::Search, "Nobody matches", "Try a shorter part of the name or address, or fewer filters.",
                            html! { (Button::secondary("Show everybody").href("/settings/team")) }))
                    } @else {
                        (people(&around, &rows))
                        @if total > rows.len() as i64 || query.is_filtered() { (pager) }
                    }
                }
            }
            @if !waiting.is_empty() { (ui::card_flush("Invitations", html! {}, invitations::list(&around, &waiting, app.clock.now()))) }
            @if writes {
                section #invite { (ui::card("Invite people", html! {}, invitations::form(&around, refused.invitation))) }
            }
            (ui::card("Join by address", html! {}, domains::card(&around, &claimed, refused.domain)))
            (ui::card("Organisation", html! {}, organisation::card(viewer, &organisation, refused.organisation)))
            (ui::card("Ownership", html! {}, ownership::card(&around, &rows, total)))
        }))
    };
    Ok(viewer.page(Nav::Team, "Team", content))
}

fn toolbar(around: &Around<'_>, query: &Query) -> Markup {
    let any = |label: &str| std::iter::once((String::new(), label.to_owned()));
    let roles = any("Any role").chain(around.roles.iter().map(|role| (role.key.to_string(), role.name.clone())));
    let teams = any("Any team")
        .chain(std::iter::once(("none".to_owned(), "No team".to_owned())))
        .chain(around.teams.iter().map(|team| (team.id.to_string(), team.name.clone())));
    let factors = [("", "Any second factor"), ("on", "With second factor"), ("off", "Without second factor")];
    let kept = html! { (ui::hidden("role", &query.role)) (ui::hidden("team", &query.team)) (ui::hidden("factor", &query.factor)) };
    ui::toolbar(
        html! { (ui::search_form_with("/settings/team", "q", &query.q, "Search people", "people", kept)) },
        html! {
            form.inline-fields method="get" action="/settings/team" data-auto-submit {
                (ui::hidden("q", &query.q))
                (Field::select("role", "Role", roles).id("filter-role").value(&query.role).label_hidden())
                @if !around.teams.is_empty() { (Field::select("team", "Team", teams).id("filter-team").value(&query.team).label_hidden()) }
                (Field::select("factor", "Second factor", factors).id("filter-factor").value(&query.factor).label_hidden())
                span data-without-script { (Button::secondary("Show")) }
            }
        },
    )
}

fn people(around: &Around<'_>, rows: &[Colleague]) -> Markup {
    let writes = around.viewer.may(Permission::TeamWrite);
    table::wrap(
        "People",
        html! {
            table.table {
                thead {
                    tr {
                        (table::th("Name")) (table::th("Role")) @if !around.teams.is_empty() { (table::th("Team")) }
                        (table::th("Second factor")) (table::th("Last seen")) @if writes { (table::th_actions()) }
                    }
                }
                tbody { @for row in rows { (person(around, row, writes)) } }
            }
        },
    )
}

fn person(around: &Around<'_>, row: &Colleague, writes: bool) -> Markup {
    let (form, may_change, may_team) = (format!("change-{}", row.id), around.may_change(row), around.may_team());
    let own = row.id == around.viewer.user_id;
    html! {
        tr id=(row.id) {
            td.is-title data-label="Name" {
                (ui::person(&row.name, Some(&if own { format!("{} (you)", row.email) } else { row.email.clone() })))
            }
            td data-label="Role" {
                @if may_change {
                    (Field::select("role", format!("Role of {}", row.name), around.roles_to_give(Some(&row.role), true)).id(format!("role-{}", row.id))
                        .value(&row.role).label_hidden().attr("form", &form))
                } @else { (around.roles.name(&row.role)) }
            }
            @if !around.teams.is_empty() {
                td data-label="Team" {
                    @if may_team {
                        (Field::select("team_id", format!("Team of {}", row.name), around.teams_to_give()).id(format!("team-{}", row.id))
                            .value(row.team_id.map(|id| id.to_string()).unwrap_or_default()).label_hidden().attr("form", &form))
                    } @else if let Some(team) = &row.team { (team) } @else { span.muted { "None" } }
                }
            }
            td data-label="Second factor" {
                @if row.has_second_factor { (ui::status_dot(Tone::Success, "On")) } @else { (ui::status_dot(Tone::Neutral, "Off")) }
            }
            td.is-quiet data-label="Last seen" { @if let Some(at) = row.last_seen_at { (ui::ago(at)) } @else { "Never" } }
            @if writes {
                td.is-actions data-label="" {
                    div.button-row {
                        @if may_change || may_team {
                            form id=(form) method="post" action={ "/settings/team/members/" (row.id) } {
                                (Button::secondary("Save").small().attr("aria-label", format!("Save {}", row.name)))
                            }
                        }
                        @if may_change && !own {
                            form method="post" action={ "/settings/team/members/" (row.id) "/remove" } {
                                (Button::icon_only(Icon::Trash, format!("Remove {}", row.name)).small().confirm(format!(
                                    "Remove {} from {}? They are signed out here at once. Their leads belong to nobody then; their API keys and the invitations they sent stop working.",
                                    row.name, around.viewer.org_name)))
                            }
                        }
                    }
                }
            }
        }
    }
}
