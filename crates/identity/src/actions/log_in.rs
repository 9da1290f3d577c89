use std::time::Duration;

use axum::response::Response;
use db::DbError;
use http::header;
use http_kit::{App, Problem};
use kernel::UserId;

use super::guessing;
use crate::{
    Client, cookie, known_device, password, record,
    session::{self, Ending, Method, NewSession},
    store,
};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// The same words for an unknown address and a wrong password.
    #[error("This address and password do not belong together. Check both and try again.")]
    Credentials,
    /// The password is right; the address has not been proved yet.
    #[error("This address has not been confirmed yet. Follow the link in the mail that we sent, or ask for another.")]
    Unconfirmed,
    #[error("This account is suspended. Ask the person who runs this server.")]
    Banned,
    #[error("too many tries")]
    Throttled(Duration),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Checks the password and opens a browser's session; returns who it is and the cookie's token. Whoever has a second
/// factor must show it before the session opens anything (see [`crate::Viewer`]).
pub async fn log_in(app: &App, email: &str, password: String, client: &Client) -> Result<(UserId, String), LogInError> {
    // Longer ones are nobody's, and are not worth remembering.
    let email: String = email.trim().to_lowercase().chars().take(254).collect();
    let user = check_password(app, &email, password, client).await?;
    Ok((user, open_session(app, NewSession::by(user, Method::Password), client).await?))
}

/// Who has this address and password. An unknown address takes as long and is told the same. What slows
/// guessing is told in [`guessing`].
pub async fn check_password(app: &App, email: &str, password: String, client: &Client) -> Result<UserId, LogInError> {
    guessing::count_try(app, email, client).await.map_err(LogInError::Throttled)?;
    let known = store::credentials(&app.db, email).await?;
    let user = known.as_ref().map(|known| known.user);
    if let Some(wait) = guessing::must_wait(app, email, user, client).await? {
        record::refused(app, user, "guessing", client);
        return Err(LogInError::Throttled(wait));
    }
    let hash = known.as_ref().and_then(|known| known.password_hash.clone());
    let password: String = password.chars().take(1000).collect();
    if !password::verify(password, hash).await {
        guessing::count_failure(app, email).await;
        record::refused(app, user, "password", client);
        return Err(LogInError::Credentials);
    }
    let known = known.ok_or(LogInError::Credentials)?;
    if known.banned_until.is_some_and(|until| until > app.clock.now()) {
        record::refused(app, known.user, "suspended", client);
        return Err(LogInError::Banned);
    }
    if !known.confirmed {
        record::refused(app, known.user, "unconfirmed", client);
        return Err(LogInError::Unconfirmed);
    }
    guessing::remember_place(app, known.user, client).await;
    Ok(known.user)
}

/// Opens a browser's session for somebody whose identity has just been established; returns the cookie's
/// token. It is always a fresh one, and a session that the browser held before ends: nobody can have laid
/// it there for them (session fixation).
pub async fn open_session(app: &App, new: NewSession, client: &Client) -> Result<String, DbError> {
    let (token, hash) = cookie::new_token();
    let now = app.clock.now();
    let tx = app.db.system().await?;
    if let Some(before) = &client.carries.session
        && let Some((session, user)) = store::session_of(&tx, before).await?
    {
        session::end(&tx, user, Ending::One(session), client, now).await?;
    }
    session::open(&tx, &NewSession { cookie: Some(hash), ..new }, client, now).await?;
    tx.commit().await?;
    Ok(token)
}

/// Hands a browser the cookies of the session that was just opened for `user`.
pub(crate) fn with_cookies(mut response: Response, app: &App, user: UserId, token: &str, client: &Client) -> Response {
    let device = known_device::remember(&app.config.secret, client.carries.device.as_deref(), user, app.clock.now());
    for cookie in [cookie::set(token, &app.config), cookie::set_device(&device, &app.config)] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl From<LogInError> for Problem {
    fn from(error: LogInError) -> Self {
        match error {
            LogInError::Credentials => Self::field("/email", "credentials.invalid", error.to_string()),
            LogInError::Unconfirmed => Self::field("/email", "email.not_confirmed", error.to_string()),
            LogInError::Banned => Self::forbidden(error.to_string()),
            LogInError::Throttled(wait) => Self::too_many(wait),
            LogInError::Db(error) => error.into(),
        }
    }
}
