use axum::extract::State;
use http_kit::{App, Problem};
use maud::{Markup, html};
use ui::{Button, Icon, Nav, table};

use crate::{
    Can, Permission, SettingsRead,
    pages::team::tabs,
    store::roles::{self, Roles},
};

/// Every permission against every role.
pub(super) async fn show(State(app): State<App>, viewer: Can<SettingsRead>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let roles = roles::roles(&tx).await?;
    tx.commit().await?;
    let actions =
        html! { @if viewer.may(Permission::TeamWrite) { (Button::primary("New role").icon(Icon::Plus).href("/settings/roles/new")) } };
    let content = html! {
        (ui::page_header("Team", "What each role may do, and whose records its people see.", actions))
        (tabs("/settings/roles"))
        (ui::card_flush("", html! {}, grid(&roles)))
    };
    Ok(viewer.page(Nav::Team, "Roles", content))
}

fn grid(roles: &Roles) -> Markup {
    let yes_or_no = |yes: bool| {
        html! { @if yes { span.matrix-yes { (ui::icon(Icon::Check)) span.visually-hidden { "Yes" } } } @else { span.muted { span aria-hidden="true" { "–" } span.visually-hidden { "No" } } } }
    };
    table::wrap(
        "Roles",
        html! {
            table.table.is-compact.matrix {
                thead {
                    tr {
                        (table::th("May"))
                        @for role in roles.iter() {
                            th scope="col" {
                                a href={ "/settings/roles/" (role.key) } { (role.name) }
                                span.matrix-people { (ui::plural(role.people, "person", "people")) }
                            }
                        }
                    }
                }
                tbody {
                    @for permission in Permission::ALL {
                        tr {
                            th.is-wrap scope="row" { (permission.label()) }
                            @for role in roles.iter() { td data-label=(role.name) { (yes_or_no(role.effective().has(*permission))) } }
                        }
                    }
                    tr {
                        th scope="row" { "Sees" }
                        @for role in roles.iter() { td.is-wrap data-label=(role.name) { (role.visibility.label()) } }
                    }
                    tr {
                        th scope="row" { "Needs a second factor" }
                        @for role in roles.iter() { td data-label=(role.name) { (yes_or_no(role.mfa_required)) } }
                    }
                }
            }
        },
    )
}
