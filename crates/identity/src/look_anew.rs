//! This node hears of a change of who may do what like every other node, a moment after its commit. Whoever made
//! the change through this node may ask again sooner, so it forgets at once what it remembers.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http_kit::App;

use crate::Engine;

/// Where people, sessions, factors, keys, roles and the ways to sign in are changed. Signing in is not among them: it makes a
/// session that nobody remembers yet.
const STANDING: [&str; 6] = ["/settings/", "/account/", "/organisations", "/invitations", "/logout", "/switch"];
/// The same in the API, behind `/api/v1/`.
const STANDING_IN_API: [&str; 9] = ["members", "teams", "roles", "keys", "invitations", "domains", "sessions", "organisation", "me"];

fn concerns_standing(path: &str) -> bool {
    match path.strip_prefix("/api/v1/") {
        Some(rest) => STANDING_IN_API.iter().any(|name| rest.starts_with(name)),
        None => path.starts_with("/auth/v1/") || STANDING.iter().any(|prefix| path.starts_with(prefix)),
    }
}

/// The layer around all routes: after such a write and before its answer.
pub async fn look_anew(State(app): State<App>, request: Request, next: Next) -> Response {
    let changes = !request.method().is_safe() && concerns_standing(request.uri().path());
    // The commonest of them: a refused one may have ended its session, any other changes nothing that is remembered.
    let refreshes = request.uri().path() == "/auth/v1/token";
    let response = next.run(request).await;
    if changes
        && !(refreshes && response.status().is_success())
        && let Ok(engine) = Engine::of(&app)
    {
        engine.forget_all();
    }
    response
}

#[cfg(test)]
mod tests {
    use super::concerns_standing;

    #[test]
    fn what_concerns_standing_is_told_from_the_rest() {
        for path in ["/settings/security/sso/x/remove", "/account/sessions/x", "/api/v1/keys/x", "/auth/v1/admin/users/x", "/switch"] {
            assert!(concerns_standing(path), "{path}");
        }
        for path in ["/leads", "/login", "/api/v1/leads", "/accounts/x", "/api/v1/accounts/x", "/imports"] {
            assert!(!concerns_standing(path), "{path}");
        }
    }
}
