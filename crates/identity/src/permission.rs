//! What may be allowed. One vocabulary for roles, custom roles and the scopes of API keys.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $scope:literal, $label:literal;)+) => {
        /// One thing that may be allowed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $scope)] $name,)+
        }

        impl Permission {
            /// All of them, in the order in which people read them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The stored form, which is also the scope of an API key.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $scope,)+ }
            }

            /// What it allows, as people read it.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label,)+ }
            }
        }

        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;
            impl Allows for $name {
                const PERMISSION: Permission = Permission::$name;
            }
        )+
    };
}

/// A type that stands for a permission, so that a handler's signature says what it needs.
pub trait Allows: Send + Sync + 'static {
    const PERMISSION: Permission;
}

permissions! {
    /// See leads and accounts.
    LeadsRead = "leads:read", "See leads and accounts";
    /// Create and change leads and accounts.
    LeadsWrite = "leads:write", "Create and change leads";
    /// Bring in files. Matching looks at every lead, so it takes a role that sees all of them.
    LeadsImport = "leads:import", "Import files";
    /// Take lists of people out of Leadline.
    LeadsExport = "leads:export", "Export leads";
    /// See campaigns, templates, suppressions.
    CampaignsRead = "campaigns:read", "See campaigns and templates";
    /// Write campaigns and templates.
    CampaignsWrite = "campaigns:write", "Write campaigns and templates";
    /// Launch, pause and resume.
    CampaignsSend = "campaigns:send", "Launch, pause and resume campaigns";
    /// See reports.
    InsightsRead = "insights:read", "See reports";
    /// See the organisation's settings and people.
    SettingsRead = "settings:read", "See settings and people";
    /// Change them.
    SettingsWrite = "settings:write", "Change scoring and the organisation";
    /// Invite, move and remove people; make roles and teams.
    TeamWrite = "team:write", "Invite and remove people, make roles";
    /// Make and revoke API keys.
    KeysWrite = "keys:write", "Make and revoke API keys";
    /// Demand second factors, connect an identity provider.
    SecurityWrite = "security:write", "Set security rules and single sign-on";
    /// Search and export the audit log.
    AuditRead = "audit:read", "Read the audit log";
}

impl std::str::FromStr for Permission {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == text).ok_or(())
    }
}

/// A set of permissions.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions(u32);

impl Permissions {
    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Everything there is.
    pub const fn all() -> Self {
        Self((1 << Permission::ALL.len()) - 1)
    }

    /// Whether it is in.
    pub const fn has(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u32) != 0
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, permission: Permission) -> Self {
        Self(self.0 | (1 << permission as u32))
    }

    /// Without one.
    #[must_use]
    pub const fn without(self, permission: Permission) -> Self {
        Self(self.0 & !(1 << permission as u32))
    }

    /// What both hold.
    #[must_use]
    pub const fn intersect(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether every one of them is in `other`.
    pub const fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// One by one, in the order of [`Permission::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Permission> {
        Permission::ALL.iter().copied().filter(move |permission| self.has(*permission))
    }

    /// From their stored forms; an unknown word allows nothing.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        words.into_iter().filter_map(|word| word.parse().ok()).collect()
    }

    /// The stored forms.
    pub fn words(self) -> Vec<&'static str> {
        self.iter().map(Permission::as_str).collect()
    }
}

impl FromIterator<Permission> for Permissions {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

impl std::fmt::Debug for Permissions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter().map(Permission::as_str)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_sets_round_trip() {
        assert_eq!(Permissions::parse(Permissions::all().words()), Permissions::all());
        assert_eq!(Permissions::parse(["leads:read", "nonsense"]).words(), ["leads:read"]);
        let some = Permissions::parse(["leads:read", "leads:write"]);
        assert!(some.is_within(Permissions::all()) && !Permissions::all().is_within(some));
        assert_eq!(some.without(Permission::LeadsWrite).words(), ["leads:read"]);
    }
}
