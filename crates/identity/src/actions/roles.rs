use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem};
use jiff::Timestamp;
use kernel::Uuid;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::checked_name;
use crate::{
    Can, Permission, Permissions, Role, RoleKey, TeamWrite, Visibility,
    authority::{Authority, governs, role_key, unknown_role},
    store::roles::{self, RoleFacts},
};

/// An organisation's own roles, so many at most: the matrix must stay readable.
pub(crate) const MOST: usize = 30;

/// A role to make.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewRole {
    #[serde(default)]
    pub name: String,
    /// What its people may do; whoever may change something also sees it.
    #[serde(default)]
    pub permissions: Vec<String>,
    /// `all`, `team` or `own`; `all` when left out.
    pub visibility: Option<String>,
    /// Whether its people need a second factor.
    #[serde(default)]
    pub mfa_required: bool,
}

/// What to change about a role; what is missing stays.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct RoleChange {
    /// Of the organisation's own roles only.
    pub name: Option<String>,
    /// Of the organisation's own roles only.
    pub permissions: Option<Vec<String>>,
    /// `all`, `team` or `own`; owners see everything.
    pub visibility: Option<String>,
    /// Whether its people need a second factor.
    pub mfa_required: Option<bool>,
}

/// Makes a role of the permissions that the maker has.
pub(crate) async fn create_role(
    app: &App,
    tx: &db::TenantTx,
    viewer: &Can<TeamWrite>,
    new: NewRole,
    now: Timestamp,
) -> Result<RoleFacts, Problem> {
    viewer.require_fresh(app)?;
    roles::take_turn(tx).await?;
    let own = roles::roles(tx).await?.iter().filter(|role| !role.built_in).count();
    if own >= MOST {
        return Err(Problem::conflict(format!("An organisation has {MOST} roles of its own at most. Delete one that nobody needs.")));
    }
    let mut errors = Vec::new();
    let name = errors_into(&mut errors, checked_role_name(&new.name));
    let permissions = errors_into(&mut errors, checked_permissions(&new.permissions));
    let visibility = errors_into(&mut errors, checked_visibility(new.visibility.as_deref().unwrap_or("all")));
    let (Some(name), Some(permissions), Some(visibility)) = (name, permissions, visibility) else { return Err(Problem::invalid(errors)) };
    let id = Uuid::now_v7();
    let role = RoleFacts {
        key: RoleKey::Custom(id),
        name,
        built_in: false,
        permissions: permissions.iter().collect(),
        visibility,
        mfa_required: new.mfa_required,
        people: 0,
    };
    Authority::of(viewer).require(&role, "/permissions")?;
    if role.mfa_required {
        require_security(viewer)?;
    }
    roles::insert(tx, id, &role.name, permissions, now).await.map_err(taken)?;
    roles::set_rules(tx, role.key, role.visibility, role.mfa_required).await?;
    record(tx, viewer, "role.created", id, json!({ "role": facts(&role) }), now).await?;
    Ok(role)
}

/// Changes a role, for everybody who has it. The five of ours keep their permissions.
pub(crate) async fn update_role(
    app: &App,
    tx: &db::TenantTx,
    viewer: &Can<TeamWrite>,
    key: RoleKey,
    change: RoleChange,
    now: Timestamp,
) -> Result<RoleFacts, Problem> {
    viewer.require_fresh(app)?;
    roles::take_turn(tx).await?;
    let before = roles::roles(tx).await?.get(key).cloned().ok_or_else(Problem::not_found)?;
    let authority = Authority::of(viewer);
    authority.require(&before, "")?;
    let mut after = before.clone();
    let mut errors = Vec::new();
    if let Some(name) = change.name.filter(|name| *name != before.name)
        && let Some(name) = errors_into(&mut errors, not_of_ours(&before, "/name").and_then(|()| checked_role_name(&name)))
    {
        after.name = name;
    }
    if let Some(words) = change.permissions {
        match errors_into(&mut errors, checked_permissions(&words)) {
            Some(permissions) if permissions.iter().eq(before.permissions.iter().copied()) => {}
            Some(permissions) => match not_of_ours(&before, "/permissions") {
                Ok(()) => after.permissions = permissions.iter().collect(),
                Err(error) => errors.push(error),
            },
            None => {}
        }
    }
    if let Some(visibility) = change.visibility.as_deref().and_then(|word| errors_into(&mut errors, checked_visibility(word))) {
        if key.is_owner() && visibility != Visibility::All {
            errors.push(FieldError::new("/visibility", "visibility.owner", "Owners answer for everything, so they see everything"));
        }
        after.visibility = visibility;
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    after.mfa_required = change.mfa_required.unwrap_or(before.mfa_required);
    if after.mfa_required != before.mfa_required {
        require_security(viewer)?;
    }
    authority.require(&after, if after.permissions == before.permissions { "/visibility" } else { "/permissions" })?;
    if governs(&after) && roles::is_joined_freely(tx, key).await? {
        let detail = "People of a claimed domain or an identity provider join by themselves with this role, so it must not be one that changes what others may do";
        return Err(Problem::field("/permissions", "role.governs", detail));
    }
    if facts(&after) == facts(&before) {
        return Ok(after);
    }
    let id = match key {
        RoleKey::Custom(id) => {
            roles::update(tx, id, &after.name, after.permissions.iter().copied().collect(), now).await.map_err(taken)?;
            id
        }
        RoleKey::BuiltIn(_) => viewer.org_id.uuid(),
    };
    roles::set_rules(tx, key, after.visibility, after.mfa_required).await?;
    let payload = json!({ "role": { "id": key.to_string(), "from": facts(&before), "to": facts(&after) } });
    record(tx, viewer, "role.updated", id, payload, now).await?;
    Ok(after)
}

/// Deletes a role of the organisation's own. Whoever has it, or is invited to it, gets `replacement`.
pub(crate) async fn delete_role(
    app: &App,
    tx: &db::TenantTx,
    viewer: &Can<TeamWrite>,
    key: RoleKey,
    replacement: Option<&str>,
    now: Timestamp,
) -> Result<(), Problem> {
    viewer.require_fresh(app)?;
    roles::take_turn(tx).await?;
    let all = roles::roles(tx).await?;
    let role = all.get(key).ok_or_else(Problem::not_found)?;
    let RoleKey::Custom(id) = key else {
        return Err(Problem::conflict(format!("{} is one of the roles that every organisation has: it cannot be deleted.", role.name)));
    };
    let authority = Authority::of(viewer);
    authority.require(role, "")?;
    let other = match replacement.filter(|text| !text.is_empty()) {
        Some(text) => {
            let other =
                all.get(role_key(text, "/replacement")?).filter(|other| other.key != key).ok_or_else(|| unknown_role("/replacement"))?;
            if other.key.is_owner() {
                return Err(Problem::field("/replacement", "replacement.owner", "Nobody becomes an owner by the way: choose another role"));
            }
            authority.require(other, "/replacement")?;
            if governs(other) && roles::is_joined_freely(tx, key).await? {
                let detail = "People of a claimed domain or an identity provider get this role by themselves, so its replacement must not be one that changes what others may do";
                return Err(Problem::field("/replacement", "role.governs", detail));
            }
            Some(other)
        }
        None => None,
    };
    match other {
        Some(other) => {
            for user in roles::replace(tx, key, other.key).await? {
                let payload = json!({ "role": { "from": key.to_string(), "to": other.key.to_string() } });
                let event = NewEvent { kind: "member.role_changed", subject: Subject::of(user), actor: viewer.actor(), at: now, payload };
                append(tx, &[event]).await?;
            }
        }
        None => {
            let uses = roles::uses(tx, key).await?;
            if uses > 0 {
                let detail = format!(
                    "{} is in use ({} by people, the rest by invitations, domains or single sign-on). Name the role that takes its place",
                    role.name, role.people
                );
                return Err(Problem::field("/replacement", "replacement.required", detail));
            }
        }
    }
    roles::delete(tx, id).await?;
    let payload = json!({ "role": facts(role), "replacement": other.map(|other| other.key.to_string()) });
    record(tx, viewer, "role.deleted", id, payload, now).await
}

async fn record(
    tx: &db::TenantTx,
    viewer: &Can<TeamWrite>,
    kind: &'static str,
    id: Uuid,
    payload: Value,
    now: Timestamp,
) -> Result<(), Problem> {
    let subject = Subject { kind: "role", id };
    Ok(append(tx, &[NewEvent { kind, subject, actor: viewer.actor(), at: now, payload }]).await?)
}

/// What the log keeps of a role.
fn facts(role: &RoleFacts) -> Value {
    json!({ "id": role.key.to_string(), "name": role.name, "permissions": role.permissions, "visibility": role.visibility, "mfa_required": role.mfa_required })
}

fn errors_into<T>(errors: &mut Vec<FieldError>, checked: Result<T, FieldError>) -> Option<T> {
    checked.map_err(|error| errors.push(error)).ok()
}

fn not_of_ours(role: &RoleFacts, pointer: &str) -> Result<(), FieldError> {
    if role.built_in {
        let detail = format!("{} is the same in every organisation. Make a role of your own to have another", role.name);
        return Err(FieldError::new(pointer, "role.built_in", detail));
    }
    Ok(())
}

fn checked_role_name(name: &str) -> Result<String, FieldError> {
    let name = checked_name(name, "The name").map_err(|why| FieldError::new("/name", "name.invalid", why))?;
    if name.chars().count() > 60 {
        return Err(FieldError::new("/name", "name.long", "The name is longer than 60 characters"));
    }
    if Role::ALL.iter().any(|role| role.label().eq_ignore_ascii_case(&name)) {
        return Err(name_taken());
    }
    Ok(name)
}

fn checked_visibility(word: &str) -> Result<Visibility, FieldError> {
    word.parse().map_err(|()| FieldError::new("/visibility", "visibility.unknown", "The visibility must be all, team or own"))
}

/// Whoever may change something also sees it: the page that changes it shows it.
fn checked_permissions(words: &[String]) -> Result<Permissions, FieldError> {
    let mut permissions = Permissions::NONE;
    for (index, word) in words.iter().enumerate() {
        let permission: Permission = word.parse().map_err(|()| {
            let known: Vec<&str> = Permission::ALL.iter().map(|permission| permission.as_str()).collect();
            let detail = format!("There is no permission {word:?}; there are {}", known.join(", "));
            FieldError::new(format!("/permissions/{index}"), "permission.unknown", detail)
        })?;
        permissions = permissions.with(permission).with(match permission {
            Permission::LeadsWrite | Permission::LeadsImport | Permission::LeadsExport => Permission::LeadsRead,
            Permission::CampaignsWrite | Permission::CampaignsSend => Permission::CampaignsRead,
            Permission::SettingsWrite
            | Permission::TeamWrite
            | Permission::KeysWrite
            | Permission::SecurityWrite
            | Permission::AuditRead => Permission::SettingsRead,
            Permission::LeadsRead | Permission::CampaignsRead | Permission::InsightsRead | Permission::SettingsRead => permission,
        });
    }
    if permissions == Permissions::NONE {
        return Err(FieldError::new("/permissions", "permissions.empty", "A role needs at least one permission"));
    }
    Ok(permissions)
}

fn require_security(viewer: &Can<TeamWrite>) -> Result<(), Problem> {
    if viewer.may(Permission::SecurityWrite) {
        return Ok(());
    }
    let detail = "Only somebody who sets security rules decides who needs a second factor";
    let error = FieldError::new("/mfa_required", "mfa_required.not_yours", detail);
    Err(Problem { errors: vec![error], ..Problem::forbidden(detail) })
}

fn taken(error: db::DbError) -> Problem {
    match error.constraint() {
        Some("roles_name") => Problem::invalid(vec![name_taken()]),
        _ => error.into(),
    }
}

fn name_taken() -> FieldError {
    FieldError::new("/name", "name.taken", "There is a role of this name: choose another")
}

#[cfg(test)]
mod tests {
    use super::checked_permissions;

    #[test]
    fn who_changes_something_sees_it() {
        let words = |given: &[&str]| {
            let given: Vec<String> = given.iter().map(|word| (*word).to_owned()).collect();
            checked_permissions(&given).map(|permissions| permissions.words())
        };
        assert_eq!(words(&["leads:export"]).unwrap(), ["leads:read", "leads:export"]);
        assert_eq!(words(&["team:write", "team:write"]).unwrap(), ["settings:read", "team:write"]);
        assert_eq!(words(&["insights:read", "leads:fly"]).unwrap_err().pointer, "/permissions/1");
        assert_eq!(words(&[]).unwrap_err().code, "permissions.empty");
    }
}
