use db::{DbError, TenantTx};
use jiff::Timestamp;
use kernel::Uuid;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{Permission, Permissions, Role, RoleKey, Visibility};

/// A role as an organisation has it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RoleFacts {
    /// `owner`, `admin`, `manager`, `rep`, `viewer`, or `role_…` of the organisation's own.
    #[serde(rename = "id", serialize_with = "as_text")]
    #[schema(value_type = String)]
    pub key: RoleKey,
    pub name: String,
    /// One of the five whose permissions are the same everywhere.
    pub built_in: bool,
    pub permissions: Vec<Permission>,
    /// Whose records its people see.
    pub visibility: Visibility,
    /// Whether its people need a second factor.
    pub mfa_required: bool,
    /// How many people have it.
    pub people: i64,
}

fn as_text<S: serde::Serializer>(key: &RoleKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(key)
}

impl RoleFacts {
    /// One of ours, before an organisation has decided anything about it.
    pub(crate) fn built_in(role: Role) -> Self {
        Self {
            key: RoleKey::BuiltIn(role),
            name: role.label().to_owned(),
            built_in: true,
            permissions: role.permissions().iter().collect(),
            visibility: Visibility::All,
            mfa_required: false,
            people: 0,
        }
    }

    /// What its people may really do: an import matches against every lead, so it takes one who sees them all.
    pub(crate) fn effective(&self) -> Permissions {
        let permissions: Permissions = self.permissions.iter().copied().collect();
        if self.visibility == Visibility::All { permissions } else { permissions.without(Permission::LeadsImport) }
    }
}

/// Every role of the organisation: ours from most to least, then its own by name.
#[derive(Debug, Clone)]
pub struct Roles(pub(crate) Vec<RoleFacts>);

impl Roles {
    pub(crate) fn get(&self, key: RoleKey) -> Option<&RoleFacts> {
        self.0.iter().find(|role| role.key == key)
    }

    /// The name of a stored role, as people read it.
    pub(crate) fn name(&self, stored: &str) -> &str {
        stored.parse().ok().and_then(|key| self.get(key)).map_or("A role that is gone", |role| &role.name)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, RoleFacts> {
        self.0.iter()
    }
}

/// Reads them all; there are [``crate::actions::roles::MOST``] of its own at most.
pub async fn roles(tx: &TenantTx) -> Result<Roles, DbError> {
    let ours: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let rows = tx
        .query(
            "SELECT k.role, k.name, k.permissions, s.visibility, coalesce(s.mfa_required, false),
                    (SELECT count(*) FROM memberships m WHERE m.org_id = $1 AND m.role = k.role)
             FROM (SELECT unnest($2::text[]) AS role, NULL::text AS name, NULL::text[] AS permissions
                   UNION ALL SELECT 'role_' || replace(id::text, '-', ''), name, permissions FROM roles WHERE org_id = $1) k
             LEFT JOIN role_settings s ON s.org_id = $1 AND s.role = k.role
             ORDER BY array_position($2::text[], k.role), lower(k.name)",
            &[&tx.org(), &ours],
        )
        .await?;
    let mut roles = Vec::with_capacity(rows.len());
    for row in rows {
        let text: String = row.try_get(0)?;
        let key: RoleKey = text.parse().map_err(|()| DbError::Config(format!("the role {text:?} cannot be read")))?;
        let visibility = row.try_get::<_, Option<String>>(3)?.and_then(|word| word.parse().ok()).unwrap_or_default();
        let (mfa_required, people) = (row.try_get(4)?, row.try_get(5)?);
        roles.push(match key {
            // The owner answers for everything, so sees everything.
            RoleKey::BuiltIn(Role::Owner) => RoleFacts { mfa_required, people, ..RoleFacts::built_in(Role::Owner) },
            RoleKey::BuiltIn(role) => RoleFacts { visibility, mfa_required, people, ..RoleFacts::built_in(role) },
            RoleKey::Custom(_) => {
                let words: Vec<String> = row.try_get(2)?;
                let permissions = Permissions::parse(words.iter().map(String::as_str)).iter().collect();
                RoleFacts { key, name: row.try_get(1)?, built_in: false, permissions, visibility, mfa_required, people }
            }
        });
    }
    Ok(Roles(roles))
}

/// What happens to people, roles and invitations takes turns within the organisation: two owners who
/// demote each other at once would leave none.
pub(crate) async fn take_turn(tx: &TenantTx) -> Result<(), DbError> {
    tx.execute("SELECT FROM organisations WHERE org_id = $1 FOR NO KEY UPDATE", &[&tx.org()]).await?;
    Ok(())
}

pub(crate) async fn insert(tx: &TenantTx, id: Uuid, name: &str, permissions: Permissions, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO roles (org_id, id, name, permissions, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $5)",
        &[&tx.org(), &id, &name, &permissions.words(), &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn update(tx: &TenantTx, id: Uuid, name: &str, permissions: Permissions, now: Timestamp) -> Result<(), DbError> {
    tx.execute(
        "UPDATE roles SET name = $3, permissions = $4, updated_at = $5 WHERE org_id = $1 AND id = $2",
        &[&tx.org(), &id, &name, &permissions.words(), &now],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_rules(tx: &TenantTx, role: RoleKey, visibility: Visibility, mfa_required: bool) -> Result<(), DbError> {
    tx.execute(
        "INSERT INTO role_settings (org_id, role, visibility, mfa_required) VALUES ($1, $2, $3, $4)
         ON CONFLICT (org_id, role) DO UPDATE SET visibility = excluded.visibility, mfa_required = excluded.mfa_required",
        &[&tx.org(), &role.to_string(), &visibility.as_str(), &mfa_required],
    )
    .await?;
    Ok(())
}

/// How many people, invitations, domains and identity providers name the role.
pub(crate) async fn uses(tx: &TenantTx, role: RoleKey) -> Result<i64, DbError> {
    let row = tx
        .query_one(
            "SELECT (SELECT count(*) FROM memberships WHERE org_id = $1 AND role = $2)
                  + (SELECT count(*) FROM invitations WHERE org_id = $1 AND role = $2)
                  + (SELECT count(*) FROM organisation_domains WHERE org_id = $1 AND role = $2)
                  + (SELECT count(*) FROM sso_connections WHERE org_id = $1 AND default_role = $2)",
            &[&tx.org(), &role.to_string()],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Whether people come by the role without anybody's doing: through a claimed domain, or an identity provider.
pub(crate) async fn is_joined_freely(tx: &TenantTx, role: RoleKey) -> Result<bool, DbError> {
    let row = tx
        .query_one(
            "SELECT EXISTS (SELECT FROM organisation_domains WHERE org_id = $1 AND role = $2)
                 OR EXISTS (SELECT FROM sso_connections WHERE org_id = $1 AND default_role = $2)",
            &[&tx.org(), &role.to_string()],
        )
        .await?;
    Ok(row.try_get(0)?)
}

/// Puts `other` in the place of `role` everywhere; returns whom it moved.
pub(crate) async fn replace(tx: &TenantTx, role: RoleKey, other: RoleKey) -> Result<Vec<kernel::UserId>, DbError> {
    let (from, to) = (role.to_string(), other.to_string());
    let moved =
        tx.query("UPDATE memberships SET role = $3 WHERE org_id = $1 AND role = $2 RETURNING user_id", &[&tx.org(), &from, &to]).await?;
    tx.execute("UPDATE invitations SET role = $3 WHERE org_id = $1 AND role = $2", &[&tx.org(), &from, &to]).await?;
    tx.execute("UPDATE organisation_domains SET role = $3 WHERE org_id = $1 AND role = $2", &[&tx.org(), &from, &to]).await?;
    tx.execute("UPDATE sso_connections SET default_role = $3 WHERE org_id = $1 AND default_role = $2", &[&tx.org(), &from, &to]).await?;
    moved.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

pub(crate) async fn delete(tx: &TenantTx, id: Uuid) -> Result<(), DbError> {
    tx.execute("DELETE FROM role_settings WHERE org_id = $1 AND role = $2", &[&tx.org(), &RoleKey::Custom(id).to_string()]).await?;
    tx.execute("DELETE FROM roles WHERE org_id = $1 AND id = $2", &[&tx.org(), &id]).await?;
    Ok(())
}
