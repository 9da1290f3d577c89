use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a member may do, from most to least.
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

/// One thing that may be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    LeadsRead,
    LeadsWrite,
    LeadsImport,
    CampaignsRead,
    CampaignsWrite,
    CampaignsSend,
    InsightsRead,
    SettingsRead,
    SettingsWrite,
    TeamWrite,
}

impl Role {
    /// All of them, from most to least.
    pub const ALL: [Self; 5] = [Self::Owner, Self::Admin, Self::Manager, Self::Rep, Self::Viewer];

    /// Whether members of this role may do it.
    pub const fn may(self, permission: Permission) -> bool {
        use Permission::{
            CampaignsRead, CampaignsWrite, InsightsRead, LeadsImport, LeadsRead, LeadsWrite, SettingsRead, SettingsWrite, TeamWrite,
        };
        match self {
            Self::Owner | Self::Admin => true,
            Self::Manager => !matches!(permission, SettingsWrite | TeamWrite),
            // Not CampaignsSend: mail that has left cannot be taken back.
            Self::Rep => {
                matches!(permission, LeadsRead | LeadsWrite | LeadsImport | CampaignsRead | CampaignsWrite | InsightsRead | SettingsRead)
            }
            Self::Viewer => matches!(permission, LeadsRead | CampaignsRead | InsightsRead | SettingsRead),
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

/// A type that stands for a permission, so that a handler's signature says what it needs.
pub trait Allows: Send + Sync + 'static {
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;
        impl Allows for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )+};
}

permissions! {
    /// See leads and accounts.
    LeadsRead;
    /// Create and change leads and accounts.
    LeadsWrite;
    /// Bring in files.
    LeadsImport;
    /// See campaigns, templates, suppressions.
    CampaignsRead;
    /// Write campaigns and templates.
    CampaignsWrite;
    /// Launch, pause and resume.
    CampaignsSend;
    /// See reports.
    InsightsRead;
    /// See the organisation's settings and people.
    SettingsRead;
    /// Change them.
    SettingsWrite;
    /// Add people.
    TeamWrite;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_next_lower_may() {
        let all = [
            Permission::LeadsRead,
            Permission::LeadsWrite,
            Permission::LeadsImport,
            Permission::CampaignsRead,
            Permission::CampaignsWrite,
            Permission::CampaignsSend,
            Permission::InsightsRead,
            Permission::SettingsRead,
            Permission::SettingsWrite,
            Permission::TeamWrite,
        ];
        for pair in Role::ALL.windows(2) {
            for permission in all {
                assert!(!pair[1].may(permission) || pair[0].may(permission), "{pair:?} {permission:?}");
            }
        }
        let of = |role: Role| all.into_iter().filter(|p| role.may(*p)).count();
        assert_eq!(Role::ALL.map(of), [10, 10, 8, 7, 4]);
        assert!(!Role::Rep.may(Permission::CampaignsSend) && !Role::Viewer.may(Permission::LeadsWrite));
    }
}
