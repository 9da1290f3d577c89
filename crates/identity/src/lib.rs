//! People, organisations, sessions, roles.
//!
//! Owns `users`, `organisations`, `memberships`, `sessions`. Invariants: a person's password is
//! known only as an Argon2id hash; a session is known only by the SHA-256 of its token; an unknown
//! address and a wrong password are answered alike and as slowly; permission and tenant reach a
//! handler as types ([`Can`]), so a route without a check does not compile into one with data.

mod actions;
mod api;
mod cookie;
mod jobs;
mod model;
mod pages;
mod password;
mod store;
mod viewer;

pub use actions::add_member::{AddMemberError, NewMember, add_member};
pub use actions::log_in::{LogInError, log_in};
pub use actions::sign_up::{NewOrganisation, SignUpError, sign_up};
pub use actions::update_organisation::{OrganisationChange, update_organisation};
pub use api::api;
pub use jobs::jobs;
pub use model::{
    Allows, CampaignsRead, CampaignsSend, CampaignsWrite, InsightsRead, LeadsImport, LeadsRead, LeadsWrite, Permission, Role, SettingsRead,
    SettingsWrite, TeamWrite,
};
pub use pages::pages;
pub use store::{Member, Organisation, members, organisation};
pub use viewer::{Can, Viewer};
