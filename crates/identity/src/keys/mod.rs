//! Keys of programs: made by a person, never worth more than that person, shown once, revoked at once.
//!
//! Owns `api_keys`. Invariants: a key is stored as its SHA-256 and nowhere else, not even among the answers
//! that are kept to be repeated; what it may do is what its scopes and its maker may do at the moment of
//! each request; it dies with its maker's membership; no key can make keys.

mod api;
mod draft;
mod make;
mod pages;
mod revoke;
mod secret;
mod store;

pub(crate) use api::api;
pub(crate) use pages::pages;
pub(crate) use secret::{hash_of, is_key};
pub(crate) use store::touch;

use jiff::Timestamp;
use kernel::{ApiKeyId, UserId};
use serde::Serialize;
use utoipa::ToSchema;

/// A key, without the key itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ApiKey {
    pub id: ApiKeyId,
    pub name: String,
    /// The first characters, to recognise it by.
    pub prefix: String,
    pub scopes: Vec<String>,
    /// Networks that it may be used from; none: from everywhere.
    pub addresses: Vec<String>,
    /// For whom it acts.
    pub made_by: UserId,
    pub made_by_name: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// `null`: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// To about five minutes.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// Empty when it was never used.
    pub last_used_from: String,
}
