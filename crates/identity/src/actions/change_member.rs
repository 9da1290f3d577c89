use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use jiff::Timestamp;
use kernel::{TeamId, UserId};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use utoipa::ToSchema;

use crate::{
    Can, TeamWrite,
    authority::{Authority, role_key, unknown_role},
    store::{
        colleagues::{self, Colleague},
        roles, teams,
    },
};

/// What to change about a colleague; what is missing stays.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct MemberChange {
    /// `owner`, `admin`, `manager`, `rep`, `viewer`, or `role_…` of the organisation's own.
    pub role: Option<String>,
    /// `null`: no team.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<TeamId>)]
    pub team_id: Option<Option<TeamId>>,
}

/// Tells `null` from nothing.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<TeamId>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Gives a colleague another role, or another team. It acts on their next request.
pub(crate) async fn change_member(
    app: &App,
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    id: UserId,
    change: MemberChange,
    now: Timestamp,
) -> Result<Colleague, Problem> {
    roles::take_turn(tx).await?;
    let before = colleagues::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    let event = |kind, payload| NewEvent { kind, subject: Subject::of(id), actor: viewer.actor(), at: now, payload };
    let mut happened = Vec::new();
    if let Some(role) = change.role.filter(|role| *role != before.role) {
        viewer.require_fresh(app)?;
        let (all, authority) = (roles::roles(tx).await?, Authority::of(viewer));
        let new = all.get(role_key(&role, "/role")?).ok_or_else(|| unknown_role("/role"))?;
        let old = all.get(role_key(&before.role, "/role")?).ok_or_else(|| unknown_role("/role"))?;
        authority.require(old, "/role")?;
        authority.require(new, "/role")?;
        if old.key.is_owner() {
            require_another_owner(tx).await?;
        }
        colleagues::set_role(tx, id, &role).await?;
        happened.push(event("member.role_changed", json!({ "role": { "from": before.role, "to": role } })));
    }
    if let Some(team) = change.team_id.filter(|team| *team != before.team_id) {
        Authority::of(viewer).require_whole_view("/team_id")?;
        require_team(tx, team).await?;
        colleagues::set_team(tx, id, team).await?;
        happened.push(event("member.team_changed", json!({ "team": { "from": before.team_id, "to": team } })));
    }
    append(tx, &happened).await?;
    colleagues::get(tx, id).await?.ok_or_else(Problem::not_found)
}

/// Refuses what would leave the organisation without an owner. Called with the turn taken.
pub(crate) async fn require_another_owner(tx: &TenantTx) -> Result<(), Problem> {
    if colleagues::owners(tx).await? > 1 {
        return Ok(());
    }
    let detail = "An organisation has at least one owner, and this is the last. Make somebody else an owner first";
    Err(Problem { errors: vec![http_kit::FieldError::new("/role", "owner.last", detail)], ..Problem::conflict(format!("{detail}.")) })
}

/// The team must be one of ours.
pub(crate) async fn require_team(tx: &TenantTx, team: Option<TeamId>) -> Result<(), Problem> {
    if let Some(team) = team
        && teams::name(tx, team).await?.is_none()
    {
        return Err(Problem::field("/team_id", "team.unknown", "There is no such team"));
    }
    Ok(())
}
