use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use jiff::Timestamp;
use kernel::UserId;
use serde_json::json;

use crate::{
    Can, Role, TeamWrite,
    mailing::{TeamLetter, send_team_letter},
    store::{
        colleagues::{self, Colleague},
        roles,
    },
};

/// Makes a colleague the owner in the viewer's place, who becomes an admin. Both are told by mail.
pub(crate) async fn transfer_ownership(
    app: &App,
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    to: UserId,
    now: Timestamp,
) -> Result<Colleague, Problem> {
    if !viewer.role.is_owner() {
        return Err(Problem::forbidden(format!("Only an owner of {} can hand it over.", viewer.org_name)));
    }
    viewer.require_fresh(app)?;
    roles::take_turn(tx).await?;
    if to == viewer.user_id {
        return Err(Problem::field("/to", "to.yourself", "You are the owner already: choose a colleague"));
    }
    let heir = colleagues::get(tx, to)
        .await?
        .ok_or_else(|| Problem::field("/to", "to.unknown", "There is no such colleague: invite them first, then hand over"))?;
    colleagues::set_role(tx, to, Role::Owner.as_str()).await?;
    colleagues::set_role(tx, viewer.user_id, Role::Admin.as_str()).await?;
    let payload = json!({ "owner": { "from": viewer.user_id, "to": to }, "role": { "from": heir.role, "to": "owner" } });
    let subject = Subject::of(viewer.org_id);
    append(tx, &[NewEvent { kind: "ownership.transferred", subject, actor: viewer.actor(), at: now, payload }]).await?;
    for letter in [TeamLetter::NowOwner { to, from: viewer.user_id }, TeamLetter::NoLongerOwner { to: viewer.user_id, heir: to }] {
        send_team_letter(tx, letter, now).await?;
    }
    Ok(Colleague { role: Role::Owner.as_str().to_owned(), ..heir })
}
