//! Who may hand out what: nobody gives, takes or changes a role that may do more than their own.

use http_kit::{FieldError, Problem, ProblemKind};

use crate::{Permission, Permissions, RoleKey, Viewer, Visibility, store::roles::RoleFacts};

/// What somebody may do, as far as it limits what they may let others do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Authority {
    is_owner: bool,
    permissions: Permissions,
    visibility: Visibility,
}

impl Authority {
    /// That of whoever makes the request; of an API key, what the key may do.
    pub(crate) fn of(viewer: &Viewer) -> Self {
        let place = viewer.place();
        Self { is_owner: place.role.is_owner(), permissions: place.permissions, visibility: place.visibility }
    }

    /// That of somebody who has this role now.
    pub(crate) fn of_role(role: &RoleFacts) -> Self {
        Self { is_owner: role.key.is_owner(), permissions: role.effective(), visibility: role.visibility }
    }

    /// Whether a role is no more than theirs.
    pub(crate) fn covers(self, role: &RoleFacts) -> bool {
        self.lacks(role).is_none()
    }

    /// Refuses to give, take or change `role`; `pointer` names the field that asked for it.
    pub(crate) fn require(self, role: &RoleFacts, pointer: &str) -> Result<(), Problem> {
        match self.lacks(role) {
            None => Ok(()),
            Some(why) => Err(above(pointer, format!("The role {} is above yours: {why}", role.name))),
        }
    }

    /// Refuses somebody who does not see every record: teams decide who sees what.
    pub(crate) fn require_whole_view(self, pointer: &str) -> Result<(), Problem> {
        if self.visibility == Visibility::All {
            return Ok(());
        }
        Err(above(pointer, "Teams decide who sees which records, so only somebody who sees all of them can change them".to_owned()))
    }

    /// Why it is more, for people to read.
    fn lacks(self, role: &RoleFacts) -> Option<String> {
        if role.key.is_owner() {
            return (!self.is_owner).then(|| "only an owner can make or change one".to_owned());
        }
        let missing: Vec<&str> =
            role.effective().iter().filter(|permission| !self.permissions.has(*permission)).map(Permission::label).collect();
        if !missing.is_empty() {
            return Some(format!("you may not do all that it may ({})", missing.join("; ")));
        }
        (role.visibility < self.visibility).then(|| "it sees more records than you do".to_owned())
    }
}

/// Whether people of this role can change what others may do: to give it takes a fresh proof of identity.
pub(crate) fn governs(role: &RoleFacts) -> bool {
    let permissions = role.effective();
    role.key.is_owner() || [Permission::TeamWrite, Permission::SecurityWrite, Permission::KeysWrite].iter().any(|one| permissions.has(*one))
}

fn above(pointer: &str, why: String) -> Problem {
    let error = FieldError::new(pointer, "role.above_yours", why.clone());
    Problem { errors: vec![error], ..Problem::new(ProblemKind::Forbidden, why) }
}

/// The key of a role as a field gives it.
pub(crate) fn role_key(text: &str, pointer: &str) -> Result<RoleKey, Problem> {
    text.parse().map_err(|()| unknown_role(pointer))
}

/// There is no such role here.
pub(crate) fn unknown_role(pointer: &str) -> Problem {
    Problem::field(
        pointer,
        "role.unknown",
        "There is no such role. Take one of admin, manager, rep, viewer, or one of the organisation's own",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    fn facts(permissions: Permissions, visibility: Visibility) -> RoleFacts {
        RoleFacts { permissions: permissions.iter().collect(), visibility, ..RoleFacts::built_in(Role::Viewer) }
    }

    #[test]
    fn nobody_hands_out_more_than_they_have() {
        let owner = Authority::of_role(&RoleFacts::built_in(Role::Owner));
        let admin = Authority::of_role(&RoleFacts::built_in(Role::Admin));
        let manager = Authority::of_role(&RoleFacts::built_in(Role::Manager));
        for role in Role::ALL {
            assert!(owner.covers(&RoleFacts::built_in(role)));
            assert_eq!(admin.covers(&RoleFacts::built_in(role)), role != Role::Owner);
        }
        assert!(!manager.covers(&RoleFacts::built_in(Role::Admin)) && manager.covers(&RoleFacts::built_in(Role::Rep)));
        let team = Authority::of_role(&facts(Permissions::all(), Visibility::Team));
        assert!(!team.covers(&facts(Permissions::NONE, Visibility::All)) && team.covers(&facts(Permissions::NONE, Visibility::Own)));
        assert!(team.require_whole_view("/team_id").is_err() && admin.require_whole_view("/team_id").is_ok());
    }
}
