//! Sign-up, sign-in, sign-out, and the organisation's settings.

mod account;
mod alternatives;
mod check_mail;
mod confirm;
mod confirm_identity;
mod factor;
mod invitation;
mod login;
mod login_link;
mod organisations;
mod passkey;
mod recover;
mod roles;
pub(crate) mod security;
mod signup;
mod strength;
mod team;
mod welcome;

use http_kit::Routes;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/signup", signup::show)
        .post("/signup", signup::submit)
        .get("/login", login::show)
        .post("/login", login::submit)
        .post("/logout", login::log_out)
        .merge(login_link::pages())
        .merge(check_mail::pages())
        .merge(confirm::pages())
        .merge(recover::pages())
        .merge(strength::pages())
        .merge(welcome::pages())
        .merge(account::pages())
        .merge(factor::pages())
        .merge(confirm_identity::pages())
        .merge(passkey::pages())
        .merge(security::pages())
        .merge(team::pages())
        .merge(crate::keys::pages())
        .merge(roles::pages())
        .merge(invitation::pages())
        .merge(organisations::pages())
}
