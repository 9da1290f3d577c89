//! People, how they prove who they are, their sessions, and what they may do where.
//!
//! Owns `users`, `identities`, `sessions`, one-time tokens, second factors, signing keys, `organisations`,
//! `memberships`, roles, teams, invitations and API keys. Invariants: a password is known only as an
//! Argon2id hash, a cookie, key or mailed link only by its SHA-256, a mailed code by a keyed hash, a refresh token not at
//! all; an unknown address and a wrong password are answered alike and as slowly; permission and tenant
//! reach a handler as types ([`Can`]), so a route without a check does not compile into one with data;
//! whatever ends or changes somebody's standing reaches every node in the transaction of the change.

mod actions;
mod api;
mod authority;
mod client;
mod cookie;
mod engine;
pub mod external;
pub mod flow;
mod free_mail;
pub mod gate;
mod jobs;
pub mod jwks;
mod keys;
mod known_device;
mod look_anew;
pub mod mailing;
pub mod mfa;
pub mod one_time;
mod pages;
pub mod password;
mod permission;
mod principal;
mod record;
mod role;
mod security;
pub mod session;
mod signing;
mod standing;
pub mod store;
pub mod token;
mod viewer;

pub use actions::add_member::NewMember;
pub use actions::change_email::{ChangeEmailError, change_email, keep_email};
pub use actions::change_password::{ChangePasswordError, change_password};
pub use actions::confirm::{ConfirmError, confirm};
pub use actions::join::join_by_address;
pub use actions::log_in::{LogInError, check_password, log_in};
pub use actions::set_name::set_name;
pub use actions::sign_up::{NewOrganisation, SignUpError, sign_up};
pub use actions::update_organisation::{OrganisationChange, update_organisation};
pub use api::api;
pub use client::{Client, device, neighbourhood};
pub use engine::Engine;
pub use free_mail::is_free_mail;
pub use jobs::jobs;
pub use keys::ApiKey;
pub use look_anew::look_anew;
pub use pages::pages;
pub use permission::*;
pub use principal::{ADMIN_SCOPE, Key, Place, Principal, scopes};
pub use record::{NOWHERE, record, record_by, record_in};
pub use role::{Role, RoleKey, Visibility};
pub use signing::{SigningError, all_signing_keys, rotate_signing_key};
pub use store::{Member, Organisation, members, organisation};
pub use viewer::{Can, FRESH_FOR, Person, Viewer};
