//! Supabase Auth's HTTP API over `identity`: the unmodified `@supabase/supabase-js` signs people up and in here.
//!
//! Owns the wire alone: paths, statuses, error codes, the shapes of users and sessions, the gateway's keys.
//! Invariants: no answer depends on a cookie (the layer takes them away), so any origin may call; a person's
//! token and a server's key are different extractors ([`caller`]), so no route takes one for the other;
//! what an unknown address is told is what a known one is told.

mod account;
mod admin;
mod answer;
mod body;
mod caller;
mod error;
mod factors;
mod keys;
mod limit;
mod logout;
mod mail;
mod pkce;
mod redirect;
mod settings;
mod signup;
mod store;
mod token;
mod user;
mod verify;
mod wire;

use axum::routing::{delete, put};
pub use error::AuthError;
use http::Method;
use http_kit::Routes;
pub use keys::{KeyError, KeyRole, Keys};
pub use wire::{PREFIX, cross_origin, gateway};

/// Every route of the API but those of identity providers.
pub fn routes() -> Routes {
    Routes::new()
        .get("/auth/v1/settings", settings::settings)
        .get("/auth/v1/health", settings::health)
        .get("/auth/v1/.well-known/jwks.json", settings::jwks)
        .post("/auth/v1/signup", signup::sign_up)
        .post("/auth/v1/token", token::token)
        .post("/auth/v1/otp", mail::otp)
        .post("/auth/v1/recover", mail::recover)
        .post("/auth/v1/resend", mail::resend)
        .get("/auth/v1/reauthenticate", mail::reauthenticate)
        .get("/auth/v1/verify", verify::by_person)
        .post("/auth/v1/verify", verify::by_program)
        .get("/auth/v1/user", account::show)
        .route(&Method::PUT, "/auth/v1/user", put(account::change))
        .post("/auth/v1/logout", logout::logout)
        .post("/auth/v1/factors", factors::enrol)
        .route(&Method::DELETE, "/auth/v1/factors/{factor}", delete(factors::unenrol))
        .post("/auth/v1/factors/{factor}/challenge", factors::challenge)
        .post("/auth/v1/factors/{factor}/verify", factors::verify)
        .post("/auth/v1/invite", admin::invite::invite)
        .post("/auth/v1/admin/generate_link", admin::link::generate)
        .get("/auth/v1/admin/users", admin::list::list)
        .post("/auth/v1/admin/users", admin::users::create)
        .get("/auth/v1/admin/users/{user}", admin::users::show)
        .route(&Method::PUT, "/auth/v1/admin/users/{user}", put(admin::users::change))
        .route(&Method::DELETE, "/auth/v1/admin/users/{user}", delete(admin::users::delete))
        .get("/auth/v1/admin/users/{user}/factors", admin::factors::list)
        .route(&Method::DELETE, "/auth/v1/admin/users/{user}/factors/{factor}", delete(admin::factors::delete))
}
