use std::time::Duration;

use cache::Rate;
use db::DbError;
use http_kit::{App, Problem};

use crate::{
    Client, cookie, password, record,
    session::{self, Method, NewSession},
    store,
};

/// Tries per account: slows guessing one password.
const PER_ACCOUNT: Rate = Rate { uses: 10, per: Duration::from_secs(300) };
/// Tries per address: slows guessing many.
const PER_ADDRESS: Rate = Rate { uses: 60, per: Duration::from_secs(300) };

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

/// Checks the password and opens a browser's session; returns the cookie's token. Whoever has a second
/// factor must show it before the session opens anything (see [`crate::Viewer`]).
pub async fn log_in(app: &App, email: &str, password: String, client: &Client) -> Result<String, LogInError> {
    // Longer ones are nobody's, and are not worth remembering.
    let email: String = email.trim().to_lowercase().chars().take(254).collect();
    let user = check_password(app, &email, password, client).await?;
    Ok(open_session(app, NewSession::by(user, Method::Password), client).await?)
}

/// Who has this address and password. An unknown address takes as long and is told the same.
pub async fn check_password(app: &App, email: &str, password: String, client: &Client) -> Result<kernel::UserId, LogInError> {
    let from = client.neighbourhood();
    let user = known.as_ref().map(|known| known.user);
    if let Some(wait) = guessing::must_wait(app, email, user, client).await? {
        record::refused(app, user, "guessing", client);
        return Err(LogInError::Throttled(wait));
    }
    for (key, rate) in [(format!("login:address:{from}"), PER_ADDRESS), (format!("login:account:{from}:{email}"), PER_ACCOUNT)] {
        app.cache.throttle(&key, rate).await.map_err(|throttled| LogInError::Throttled(throttled.retry_after))?;
    }
    let known = store::credentials(&app.db, email).await?;
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
    Ok(known.user)
}

/// Opens a browser's session for somebody whose identity has just been established; returns the cookie's token.
pub async fn open_session(app: &App, new: NewSession, client: &Client) -> Result<String, DbError> {
    let (token, hash) = cookie::new_token();
    let tx = app.db.system().await?;
    session::open(&tx, &NewSession { cookie: Some(hash), ..new }, client, app.clock.now()).await?;
    tx.commit().await?;
    Ok(token)
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
