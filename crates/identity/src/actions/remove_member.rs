use db::{SystemTx, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use kernel::UserId;
use serde_json::json;

use super::change_member::require_another_owner;
use crate::{
    Can, Engine, TeamWrite, Viewer,
    authority::{Authority, role_key, unknown_role},
    store::{
        colleagues::{self, Colleague},
        roles,
    },
};

/// Takes a colleague out of the organisation. Their sessions here end at once, their API keys and the
/// invitations that they sent are void, and their leads belong to nobody. Takes a fresh proof of who does it.
pub(crate) async fn remove_member(app: &App, viewer: &Can<TeamWrite>, id: UserId) -> Result<Colleague, Problem> {
    if id == viewer.user_id {
        return Err(Problem::conflict("That is you. To go, leave the organisation."));
    }
    viewer.require_fresh(app)?;
    let now = app.clock.now();
    let tx = app.db.system().await?;
    colleagues::end_sessions(&tx, viewer.org_id, id).await?;
    let tx = tx.enter(&viewer.scope).await?;
    let gone = part(&tx, id, Some(Authority::of(viewer))).await?;
    let payload = json!({ "role": gone.role, "team": gone.team_id });
    append(&tx, &[NewEvent { kind: "member.removed", subject: Subject::of(id), actor: viewer.actor(), at: now, payload }]).await?;
    tx.commit().await?;
    Engine::of(app)?.forget_person(id);
    Ok(gone)
}

/// Leaves the organisation; sessions go on in another of theirs.
pub(crate) async fn leave(app: &App, viewer: &Viewer) -> Result<(), Problem> {
    let now = app.clock.now();
    if viewer.principal().session.is_none() {
        return Err(Problem::forbidden("An API key cannot do this. Sign in and do it yourself."));
    }
    let tx: SystemTx = app.db.system().await?;
    colleagues::move_sessions(&tx, viewer.org_id, viewer.user_id).await?;
    let tx = tx.enter(&viewer.scope).await?;
    let gone = part(&tx, viewer.user_id, None).await?;
    let payload = json!({ "role": gone.role, "team": gone.team_id });
    let event = NewEvent { kind: "member.left", subject: Subject::of(viewer.user_id), actor: viewer.actor(), at: now, payload };
    append(&tx, &[event]).await?;
    tx.commit().await?;
    Engine::of(app)?.forget_person(viewer.user_id);
    Ok(())
}

async fn part(tx: &TenantTx, id: UserId, authority: Option<Authority>) -> Result<Colleague, Problem> {
    roles::take_turn(tx).await?;
    let colleague = colleagues::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    let key = role_key(&colleague.role, "")?;
    if let Some(authority) = authority {
        authority.require(roles::roles(tx).await?.get(key).ok_or_else(|| unknown_role(""))?, "")?;
    }
    if key.is_owner() {
        require_another_owner(tx).await?;
    }
    colleagues::delete(tx, id).await?;
    Ok(colleague)
}
