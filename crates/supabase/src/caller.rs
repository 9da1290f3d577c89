//! Who calls: a signed-in person by their access token, or a trusted server by the service key.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, header, request::Parts};
use http_kit::App;
use identity::{Client, Engine, token::Claims, token::TokenError};
use kernel::{SessionId, UserId};

use crate::{
    AuthError, Keys,
    keys::KeyRole,
    store::{self, Standing},
    wire::API_KEY,
};

/// A signed-in person.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) user: UserId,
    pub(crate) session: SessionId,
    pub(crate) standing: Standing,
    pub(crate) client: Client,
}

/// A trusted server.
#[derive(Debug, Clone)]
pub(crate) struct Admin {
    pub(crate) client: Client,
}

impl Caller {
    /// Whether a second factor exists that this session has not shown.
    pub(crate) const fn lacks_second_factor(&self) -> bool {
        self.standing.has_mfa && self.standing.aal < 2
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = AuthError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AuthError> {
        let claims = verify(app, bearer(&parts.headers).ok_or_else(no_bearer)?).await?;
        let (user, session) = (UserId::from(claims.sub), SessionId::from(claims.session_id));
        let now = app.clock.now();
        let standing = store::standing(&app.db, user, session, now).await?;
        let standing = standing.ok_or_else(|| AuthError::new(403, "user_not_found", "User from sub claim in JWT does not exist"))?;
        if standing.is_banned {
            return Err(AuthError::new(403, "user_banned", "User is banned"));
        }
        if !standing.has_session {
            return Err(AuthError::new(403, "session_not_found", "Session from session_id claim in JWT does not exist"));
        }
        let Ok(client) = Client::from_request_parts(parts, app).await;
        Ok(Self { user, session, standing, client })
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = AuthError;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, AuthError> {
        let keys = Keys::of(app)?;
        let now = app.clock.now();
        let key = parts.headers.get(API_KEY).and_then(|key| key.to_str().ok());
        let presented = bearer(&parts.headers).or(key).ok_or_else(no_bearer)?;
        match keys.role(presented, now) {
            Some(KeyRole::ServiceRole) => {}
            Some(KeyRole::Anon) => return Err(not_admin()),
            // A person is told that they are none; a forged token, that it is forged.
            None => return Err(verify(app, presented).await.map_or_else(|error| error, |_| not_admin())),
        }
        let Ok(client) = Client::from_request_parts(parts, app).await;
        Ok(Self { client })
    }
}

async fn verify(app: &App, token: &str) -> Result<Arc<Claims>, AuthError> {
    if Keys::of(app)?.role(token, app.clock.now()).is_some() {
        return Err(AuthError::bad_jwt("invalid claim: missing sub claim"));
    }
    Engine::of(app)?.verify(token, app.clock.now()).await.map_err(|error| match error {
        TokenError::Expired => AuthError::bad_jwt("invalid JWT: unable to parse or verify signature, token is expired"),
        TokenError::Invalid | TokenError::UnknownKey => AuthError::bad_jwt("invalid JWT: unable to parse or verify signature"),
    })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| token.trim())
}

fn no_bearer() -> AuthError {
    AuthError::new(401, "no_authorization", "This endpoint requires a valid Bearer token")
}

fn not_admin() -> AuthError {
    AuthError::new(403, "not_admin", "User not allowed")
}
