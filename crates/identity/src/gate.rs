//! For slices that establish somebody's identity by means of their own: what they need to let them in as we do.

use axum::response::Response;
use db::{DbError, TenantTx};
use http_kit::{App, Problem, SignUp};

use crate::{
    Client, RoleKey, Viewer,
    actions::log_in,
    authority::{Authority, governs, role_key, unknown_role},
    session::NewSession,
    store::{self, roles},
};

/// Opens a browser's session, whose cookies go with `response`.
pub async fn sign_in(app: &App, new: NewSession, client: &Client, response: Response) -> Result<Response, DbError> {
    let user = new.user;
    let token = log_in::open_session(app, new, client).await?;
    Ok(log_in::with_cookies(response, app, user, &token, client))
}

/// Whether a stranger may make an account, by `LEADLINE_SIGNUP`.
pub async fn sign_up_is_open(app: &App) -> Result<bool, DbError> {
    Ok(match app.config.signup {
        SignUp::Open => true,
        SignUp::Closed => false,
        SignUp::First => !store::any_organisation(&app.db).await?,
    })
}

/// A page of ours to go on to: an absolute or scheme-relative address would hand the visitor to a stranger.
pub fn own_path(next: &str) -> &str {
    let ours = next.starts_with('/') && !next.starts_with("//") && !next.contains('\\') && !next.chars().any(char::is_control);
    if ours { next } else { "/" }
}

/// A role that people come by without anybody's doing, such as at their first sign-in through an identity
/// provider. It must be one that `viewer` could give, and that cannot change what others may do.
pub async fn joining_role(tx: &TenantTx, viewer: &Viewer, text: &str, pointer: &str) -> Result<RoleKey, Problem> {
    let all = roles::roles(tx).await?;
    let role = all.get(role_key(text, pointer)?).ok_or_else(|| unknown_role(pointer))?;
    if governs(role) {
        let detail = "People join by themselves, so their role must be one that cannot change what others may do";
        return Err(Problem::field(pointer, "role.governs", detail));
    }
    Authority::of(viewer).require(role, pointer)?;
    Ok(role.key)
}

/// The roles that [`joining_role`] accepts of `viewer`: stored form and name.
pub async fn joining_roles(tx: &TenantTx, viewer: &Viewer) -> Result<Vec<(String, String)>, DbError> {
    let authority = Authority::of(viewer);
    let all = roles::roles(tx).await?;
    let fitting = all.iter().filter(|role| !governs(role) && authority.covers(role));
    Ok(fitting.map(|role| (role.key.to_string(), role.name.clone())).collect())
}
