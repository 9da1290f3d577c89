//! Sign-up, sign-in, sign-out, and the organisation's settings.

mod login;
mod signup;
mod team;

use http_kit::Routes;

/// This slice's pages.
pub fn pages() -> Routes {
    Routes::new()
        .get("/signup", signup::show)
        .post("/signup", signup::submit)
        .get("/login", login::show)
        .post("/login", login::submit)
        .post("/logout", login::log_out)
        .get("/settings/team", team::show)
        .post("/settings/team", team::add)
        .post("/settings/organisation", team::update)
}
