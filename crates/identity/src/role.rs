//! Roles: five of ours, and those that an organisation makes of the same permissions.

use kernel::Uuid;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Permission, Permissions};

/// A role that every organisation has, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything, and answers for it.
    Owner,
    /// Everything but ownership.
    Admin,
    /// Leads and campaigns, including sending.
    Manager,
    /// Leads, and campaigns up to the send button.
    Rep,
    /// Looks only.
    Viewer,
}

impl Role {
    /// All of them, from most to least.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Manager, Self::Rep, Self::Viewer];

    /// What members of this role may do.
    pub const fn permissions(self) -> Permissions {
        use Permission::{
            AuditRead, CampaignsRead, CampaignsSend, CampaignsWrite, InsightsRead, KeysWrite, LeadsExport, LeadsImport, LeadsRead,
            LeadsWrite, SecurityWrite, SettingsRead, SettingsWrite, TeamWrite,
        };
        let looks = Permissions::NONE.with(LeadsRead).with(CampaignsRead).with(InsightsRead).with(SettingsRead);
        match self {
            Self::Owner | Self::Admin => Permissions::all(),
            Self::Manager => {
                Permissions::all().without(SettingsWrite).without(TeamWrite).without(KeysWrite).without(SecurityWrite).without(AuditRead)
            }
            // Not CampaignsSend: mail that has left cannot be taken back. Not LeadsExport: nor can a list.
            Self::Rep => looks.with(LeadsWrite).with(LeadsImport).with(CampaignsWrite).without(CampaignsSend).without(LeadsExport),
            Self::Viewer => looks,
        }
    }

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Rep => "rep",
            Self::Viewer => "viewer",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Admin => "Admin",
            Self::Manager => "Manager",
            Self::Rep => "Sales rep",
            Self::Viewer => "Viewer",
        }
    }
}

impl std::str::FromStr for Role {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(())
    }
}

/// The role of a member: one of ours, or `role_<32 hex digits>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoleKey {
    BuiltIn(Role),
    Custom(Uuid),
}

impl RoleKey {
    /// Whether it is the role that answers for everything.
    pub fn is_owner(self) -> bool {
        self == Self::BuiltIn(Role::Owner)
    }

    /// One of those who run the organisation, and so should have a second factor.
    pub fn is_manager_or_above(self) -> bool {
        matches!(self, Self::BuiltIn(Role::Owner | Role::Admin | Role::Manager))
    }
}

impl std::fmt::Display for RoleKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::BuiltIn(role) => f.write_str(role.as_str()),
            Self::Custom(id) => write!(f, "role_{}", id.as_simple()),
        }
    }
}

impl std::str::FromStr for RoleKey {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let custom = || text.strip_prefix("role_").filter(|hex| hex.len() == 32).and_then(|hex| Uuid::try_parse(hex).ok());
        text.parse().map(Self::BuiltIn).ok().or_else(|| custom().map(Self::Custom)).ok_or(())
    }
}

/// Whose records a role sees, from most to least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// All of the organisation's.
    #[default]
    All,
    /// Those owned by people of their team.
    Team,
    /// Their own.
    Own,
}

impl Visibility {
    /// All of them, from most to least.
    pub const ALL: [Self; 3] = [Self::All, Self::Team, Self::Own];

    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Team => "team",
            Self::Own => "own",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::All => "All records",
            Self::Team => "Their team's records",
            Self::Own => "Their own records",
        }
    }
}

impl std::str::FromStr for Visibility {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|visibility| visibility.as_str() == text).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_next_lower_may() {
        for pair in Role::ALL.windows(2) {
            assert!(pair[1].permissions().is_within(pair[0].permissions()), "{pair:?}");
        }
        assert_eq!(Role::ALL.map(|role| role.permissions().iter().count()), [14, 14, 9, 7, 4]);
        assert!(!Role::Rep.permissions().has(Permission::CampaignsSend) && !Role::Viewer.permissions().has(Permission::LeadsWrite));
    }

    #[test]
    fn a_roles_key_round_trips() {
        for text in ["owner", "viewer", "role_0123456789abcdef0123456789abcdef"] {
            assert_eq!(text.parse::<RoleKey>().map(|key| key.to_string()), Ok(text.to_owned()));
        }
        for text in ["Owner", "role_", "role_xyz", ""] {
            assert!(text.parse::<RoleKey>().is_err(), "{text}");
        }
    }
}
