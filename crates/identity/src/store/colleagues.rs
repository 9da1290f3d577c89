use db::{DbError, Row, SystemTx, TenantTx};
use jiff::Timestamp;
use kernel::{OrgId, TeamId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// A colleague, as those see them who run the organisation.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Colleague {
    pub id: UserId,
    pub name: String,
    pub email: String,
    /// `owner`, `admin`, `manager`, `rep`, `viewer`, or `role_…` of the organisation's own.
    pub role: String,
    pub team_id: Option<TeamId>,
    /// The team's name.
    pub team: Option<String>,
    pub has_second_factor: bool,
    /// When a session of theirs was last used here.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_seen_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// What the list is sorted by.
    #[serde(skip)]
    pub(crate) sort: String,
}

/// Whom to list.
#[derive(Debug, Clone, Default)]
pub(crate) struct Search {
    /// A part of the name or address.
    pub(crate) q: String,
    pub(crate) role: Option<String>,
    pub(crate) team: Option<TeamOf>,
    pub(crate) has_second_factor: Option<bool>,
}

/// Which team somebody is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TeamOf {
    None,
    Team(TeamId),
}

/// Where a page of people begins: the last one's sort key and id.
pub(crate) type After = (String, UserId);

const COLUMNS: &str = "m.user_id, m.name, m.email, m.role, m.team_id, t.name, m.has_mfa, m.last_seen_at, m.created_at, lower(m.name)";

fn colleague(row: &Row) -> Result<Colleague, DbError> {
    Ok(Colleague {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        email: row.try_get(2)?,
        role: row.try_get(3)?,
        team_id: row.try_get(4)?,
        team: row.try_get(5)?,
        has_second_factor: row.try_get(6)?,
        last_seen_at: row.try_get(7)?,
        created_at: row.try_get(8)?,
        sort: row.try_get(9)?,
    })
}

/// People by name.
pub(crate) async fn list(tx: &TenantTx, search: &Search, after: Option<&After>, limit: i64) -> Result<Vec<Colleague>, DbError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM member_rows m LEFT JOIN teams t ON t.org_id = m.org_id AND t.id = m.team_id
         WHERE ($1 = '' OR strpos(lower(m.name), $1) > 0 OR strpos(m.email, $1) > 0)
           AND ($2::text IS NULL OR m.role = $2)
           AND ($3::uuid IS NULL OR m.team_id = $3) AND (NOT $4 OR m.team_id IS NULL)
           AND ($5::boolean IS NULL OR m.has_mfa = $5)
           AND ($6::text IS NULL OR (lower(m.name), m.user_id) > ($6, $7::uuid))
         ORDER BY lower(m.name), m.user_id LIMIT $8"
    );
    let team = match search.team {
        Some(TeamOf::Team(id)) => Some(id),
        Some(TeamOf::None) | None => None,
    };
    let rows = tx
        .query(
            &sql,
            &[
                &search.q.trim().to_lowercase(),
                &search.role,
                &team,
                &(search.team == Some(TeamOf::None)),
                &search.has_second_factor,
                &after.map(|(sort, _)| sort),
                &after.map(|(_, id)| id),
                &limit,
            ],
        )
        .await?;
    rows.iter().map(colleague).collect()
}

/// How many there are in all.
pub(crate) async fn count(tx: &TenantTx) -> Result<i64, DbError> {
    Ok(tx.query_one("SELECT count(*) FROM memberships WHERE org_id = $1", &[&tx.org()]).await?.try_get(0)?)
}

pub(crate) async fn get(tx: &TenantTx, id: UserId) -> Result<Option<Colleague>, DbError> {
    let sql =
        format!("SELECT {COLUMNS} FROM member_rows m LEFT JOIN teams t ON t.org_id = m.org_id AND t.id = m.team_id WHERE m.user_id = $1");
    tx.query_opt(&sql, &[&id]).await?.as_ref().map(colleague).transpose()
}

pub(crate) async fn by_email(tx: &TenantTx, emails: &[String]) -> Result<Vec<String>, DbError> {
    let rows = tx.query("SELECT email FROM member_rows WHERE email = ANY($1)", &[&emails]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub(crate) async fn owners(tx: &TenantTx) -> Result<i64, DbError> {
    Ok(tx.query_one("SELECT count(*) FROM memberships WHERE org_id = $1 AND role = 'owner'", &[&tx.org()]).await?.try_get(0)?)
}

pub(crate) async fn set_role(tx: &TenantTx, id: UserId, role: &str) -> Result<(), DbError> {
    tx.execute("UPDATE memberships SET role = $3 WHERE org_id = $1 AND user_id = $2", &[&tx.org(), &id, &role]).await?;
    Ok(())
}

pub(crate) async fn set_team(tx: &TenantTx, id: UserId, team: Option<TeamId>) -> Result<(), DbError> {
    tx.execute("UPDATE memberships SET team_id = $3 WHERE org_id = $1 AND user_id = $2", &[&tx.org(), &id, &team]).await?;
    Ok(())
}

/// Takes somebody out; their leads belong to nobody then, their API keys and invitations are gone.
pub(crate) async fn delete(tx: &TenantTx, id: UserId) -> Result<(), DbError> {
    tx.execute("DELETE FROM memberships WHERE org_id = $1 AND user_id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}

/// Ends the sessions in which somebody works here.
pub(crate) async fn end_sessions(tx: &SystemTx, org: OrgId, id: UserId) -> Result<u64, DbError> {
    tx.execute("DELETE FROM sessions WHERE user_id = $1 AND (active_org = $2 OR only_org = $2)", &[&id, &org]).await
}

/// Whoever worked here works elsewhere: at the organisation they joined first of the others, or nowhere.
pub(crate) async fn move_sessions(tx: &SystemTx, org: OrgId, id: UserId) -> Result<(), DbError> {
    tx.execute("DELETE FROM sessions WHERE user_id = $1 AND only_org = $2", &[&id, &org]).await?;
    tx.execute(
        "UPDATE sessions SET active_org = (SELECT x.org_id FROM memberships x WHERE x.user_id = $1 AND x.org_id <> $2 ORDER BY x.created_at LIMIT 1)
         WHERE user_id = $1 AND active_org = $2",
        &[&id, &org],
    )
    .await?;
    Ok(())
}

/// A membership that somebody has come by; `false` when they belonged here before. Their sessions that
/// worked nowhere work here now.
pub(crate) async fn join(tx: &SystemTx, org: OrgId, id: UserId, role: &str, team: Option<TeamId>, now: Timestamp) -> Result<bool, DbError> {
    let joined = tx
        .execute(
            "INSERT INTO memberships (org_id, user_id, role, team_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            &[&org, &id, &role, &team, &now],
        )
        .await?;
    tx.execute("UPDATE sessions SET active_org = $2 WHERE user_id = $1 AND active_org IS NULL", &[&id, &org]).await?;
    Ok(joined == 1)
}
