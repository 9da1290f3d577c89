use axum::{extract::State, response::Response};
use http_kit::{App, Flash, PageForm, Problem, redirect};
use kernel::UserId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};

use super::{list::Around, people::refusal};
use crate::{Can, Engine, TeamWrite, actions::transfer_ownership::transfer_ownership, store::colleagues::Colleague};

#[derive(Debug, Deserialize)]
pub(super) struct TransferForm {
    to: UserId,
}

pub(super) async fn transfer(State(app): State<App>, viewer: Can<TeamWrite>, form: PageForm<TransferForm>) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let flash = match transfer_ownership(&app, &tx, &viewer, form.value.to, app.clock.now()).await {
        Ok(heir) => {
            tx.commit().await?;
            Engine::of(&app)?.forget_people_of(viewer.org_id);
            Flash::success(format!("{} is the owner of {} now, and you are an admin.", heir.name, viewer.org_name))
        }
        Err(problem) => refusal(problem)?,
    };
    Ok(redirect("/settings/team", Some(flash)))
}

/// Handing the organisation over, and leaving it.
pub(super) fn card(around: &Around<'_>, shown: &[Colleague], total: i64) -> Markup {
    let viewer = around.viewer;
    let heirs: Vec<(String, String)> = shown
        .iter()
        .filter(|colleague| colleague.id != viewer.user_id)
        .map(|colleague| (colleague.id.to_string(), format!("{} ({})", colleague.name, colleague.email)))
        .collect();
    html! {
        div.stack {
            @if viewer.role.is_owner() {
                @if heirs.is_empty() {
                    p.muted { "You own this organisation. When you have a colleague here, you can hand it over to them." }
                } @else {
                    p.muted { "Hand the organisation over to a colleague. They become its owner at once, you become an admin, and both of you are told by mail." }
                    form.stack method="post" action="/settings/team/owner" {
                        (Field::select("to", "New owner", heirs).hint(if total > shown.len() as i64 { "Of the people in the list above: search there for another." } else { "" }))
                        (ui::form_actions(html! {
                            (Button::danger("Hand over").confirm(format!("Hand {} over? Only the new owner can make you an owner again.", viewer.org_name)))
                        }))
                    }
                }
            } @else {
                p.muted { "Leads that you own belong to nobody once you have left, and your API keys stop working." }
                form method="post" action="/settings/team/leave" {
                    (Button::danger("Leave organisation").confirm(format!("Leave {}? Only an invitation brings you back.", viewer.org_name)))
                }
            }
        }
    }
}
