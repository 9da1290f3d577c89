//! Leaving for a provider and coming back, an organisation's sign-in, its security settings.

mod account;
mod authorize;
mod callback;
mod external;
mod leave;
mod security;
mod sso;
mod with_provider;

use http_kit::Routes;

pub use external::layer as external_layer;

/// This slice's pages, and its two addresses of the Auth API.
pub fn pages() -> Routes {
    Routes::new()
        .get("/auth/v1/authorize", authorize::leave)
        .get(crate::visit::CALLBACK, callback::arrive)
        .get("/login/with/{provider}", with_provider::leave)
        .get("/login/sso", sso::show)
        .post("/login/sso", sso::find)
        .get("/login/sso/{connection}", sso::leave)
        .post("/login/external", external::open)
        .post("/account/identities/with/{provider}", account::connect)
        .post("/account/identities/{id}/remove", account::remove)
        .get("/settings/security", security::show)
        .post("/settings/security/sso", security::add)
        .post("/settings/security/sso/{id}", security::update)
        .post("/settings/security/sso/{id}/test", security::inspect)
        .post("/settings/security/sso/{id}/enforce", security::enforce)
        .post("/settings/security/sso/{id}/remove", security::remove)
}
