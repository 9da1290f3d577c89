//! What a client is given: a session with its user.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http_kit::App;
use identity::{
    Client,
    flow::ProviderTokens,
    session::{self, NewSession, TokenPair},
};
use kernel::SessionId;
use serde::Serialize;

use crate::{AuthError, store, user::User};

/// A session.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SessionBody {
    pub(crate) access_token: String,
    pub(crate) token_type: &'static str,
    pub(crate) expires_in: i64,
    pub(crate) expires_at: i64,
    pub(crate) refresh_token: String,
    pub(crate) user: User,
    #[serde(flatten)]
    pub(crate) provider_tokens: Option<ProviderTokens>,
    /// The password that opened it would be refused today.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weak_password: Option<WeakPassword>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct WeakPassword {
    pub(crate) message: String,
    pub(crate) reasons: Vec<&'static str>,
}

impl IntoResponse for SessionBody {
    fn into_response(self) -> Response {
        Json(self).into_response()
    }
}

/// Opens a session for somebody whose identity has just been established.
pub(crate) async fn open(app: &App, new: &NewSession, client: &Client) -> Result<SessionBody, AuthError> {
    let tx = app.db.system().await?;
    let id = session::open(&tx, new, client, app.clock.now()).await?;
    tx.commit().await?;
    of_session(app, id).await
}

/// A session as it stands.
pub(crate) async fn of_session(app: &App, id: SessionId) -> Result<SessionBody, AuthError> {
    let tokens = session::tokens(app, id).await?.ok_or_else(session_is_gone)?;
    of_tokens(app, tokens).await
}

/// Fresh tokens with their user.
pub(crate) async fn of_tokens(app: &App, tokens: TokenPair) -> Result<SessionBody, AuthError> {
    let session = SessionId::from(tokens.claims.session_id);
    let user = store::user(&app.db, tokens.claims.sub.into(), Some(session)).await?.ok_or_else(session_is_gone)?;
    Ok(SessionBody {
        access_token: tokens.access_token,
        token_type: "bearer",
        expires_in: tokens.expires_in,
        expires_at: tokens.expires_at,
        refresh_token: tokens.refresh_token,
        user,
        provider_tokens: None,
        weak_password: None,
    })
}

fn session_is_gone() -> AuthError {
    AuthError::new(403, "session_not_found", "Session from session_id claim in JWT does not exist")
}
