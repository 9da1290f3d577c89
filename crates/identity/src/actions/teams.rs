use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{FieldError, Problem};
use jiff::Timestamp;
use kernel::TeamId;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::checked_name;
use crate::{
    Can, TeamWrite,
    authority::Authority,
    store::teams::{self, Team},
};

/// So many at most: they are all shown on one page.
pub(crate) const MOST: usize = 100;

/// A team's name.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct TeamName {
    #[serde(default)]
    pub name: String,
}

/// Makes a team.
pub(crate) async fn create_team(tx: &TenantTx, viewer: &Can<TeamWrite>, new: TeamName, now: Timestamp) -> Result<Team, Problem> {
    Authority::of(viewer).require_whole_view("/name")?;
    let name = checked(&new.name)?;
    if teams::teams(tx).await?.len() >= MOST {
        return Err(Problem::conflict(format!("An organisation has {MOST} teams at most. Delete one that nobody needs.")));
    }
    let id = TeamId::new();
    teams::insert(tx, id, &name, now).await.map_err(taken)?;
    record(tx, viewer, "team.created", id, json!({ "name": name }), now).await?;
    Ok(Team { id, name, people: 0, created_at: now })
}

/// Gives a team another name.
pub(crate) async fn rename_team(
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    id: TeamId,
    new: TeamName,
    now: Timestamp,
) -> Result<Team, Problem> {
    let before = teams::teams(tx).await?.into_iter().find(|team| team.id == id).ok_or_else(Problem::not_found)?;
    let name = checked(&new.name)?;
    if name != before.name {
        teams::rename(tx, id, &name).await.map_err(taken)?;
        record(tx, viewer, "team.renamed", id, json!({ "name": { "from": before.name, "to": name } }), now).await?;
    }
    Ok(Team { name, ..before })
}

/// Deletes a team; its people are in none then.
pub(crate) async fn delete_team(tx: &TenantTx, viewer: &Can<TeamWrite>, id: TeamId, now: Timestamp) -> Result<String, Problem> {
    Authority::of(viewer).require_whole_view("")?;
    let name = teams::name(tx, id).await?.ok_or_else(Problem::not_found)?;
    teams::delete(tx, id).await?;
    record(tx, viewer, "team.deleted", id, json!({ "name": name }), now).await?;
    Ok(name)
}

fn checked(name: &str) -> Result<String, Problem> {
    checked_name(name, "The name").map_err(|why| Problem::field("/name", "name.invalid", why))
}

fn taken(error: db::DbError) -> Problem {
    match error.constraint() {
        Some("teams_name") => {
            Problem::invalid(vec![FieldError::new("/name", "name.taken", "There is a team of this name: choose another")])
        }
        _ => error.into(),
    }
}

async fn record(
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    kind: &'static str,
    id: TeamId,
    payload: Value,
    now: Timestamp,
) -> Result<(), Problem> {
    Ok(append(tx, &[NewEvent { kind, subject: Subject::of(id), actor: viewer.actor(), at: now, payload }]).await?)
}
