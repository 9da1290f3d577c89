use db::{DbError, SystemTx};
use http_kit::{App, Problem};
use jiff::Timestamp;
use kernel::{SessionId, UserId};
use serde_json::json;

use crate::{
    Client,
    mailing::{Notice, notify},
    password::{self, Weakness},
    record,
    session::{self, Ending},
    store::account,
};

/// Why the password stays as it is.
#[derive(Debug, thiserror::Error)]
pub enum ChangePasswordError {
    #[error("The password {}", .0.text)]
    Weak(Weakness),
    #[error("This is your password already: choose another")]
    Same,
    #[error("the account is gone")]
    Gone,
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// Sets a new password. All sessions but `keep` end, links that were mailed before open nothing any more,
/// and a notice goes to the person's address. Whether whoever asks is that person was the caller's to check.
pub async fn change_password(
    app: &App,
    user: UserId,
    keep: Option<SessionId>,
    new: String,
    client: &Client,
) -> Result<(), ChangePasswordError> {
    let hash = checked(app, user, new).await?;
    let tx = app.db.system().await?;
    apply(&tx, user, &hash, keep, client, app.clock.now()).await?;
    Ok(tx.commit().await?)
}

/// The hash of a new password, if it may be one.
pub(crate) async fn checked(app: &App, user: UserId, new: String) -> Result<String, ChangePasswordError> {
    let tx = app.db.system().await?;
    let person = account::addressee(&tx, user).await?.ok_or(ChangePasswordError::Gone)?;
    let stored = account::password_hash(&tx, user).await?;
    tx.commit().await?;
    if let Some(weakness) = password::weakness(&new, &[&person.email, &person.name]) {
        return Err(ChangePasswordError::Weak(weakness));
    }
    if stored.is_some() && password::verify(new.clone(), stored).await {
        return Err(ChangePasswordError::Same);
    }
    password::hash(new).await.map_err(ChangePasswordError::Hash)
}

/// Stores a hash of [`checked`], with all that follows.
pub(crate) async fn apply(
    tx: &SystemTx,
    user: UserId,
    hash: &str,
    keep: Option<SessionId>,
    client: &Client,
    now: Timestamp,
) -> Result<(), DbError> {
    let Some(person) = account::addressee(tx, user).await? else { return Ok(()) };
    account::set_password(tx, user, Some(hash), now).await?;
    account::end_links(tx, user).await?;
    session::end(tx, user, keep.map_or(Ending::All, Ending::Others), client, now).await?;
    notify(tx, user, &person.email, Notice::PasswordChanged, now).await?;
    record(tx, user, "person.password_changed", &json!({}), client, now).await
}

impl From<ChangePasswordError> for Problem {
    fn from(error: ChangePasswordError) -> Self {
        match error {
            ChangePasswordError::Weak(_) => Self::field("/password", "password.weak", error.to_string()),
            ChangePasswordError::Same => Self::field("/password", "password.same", error.to_string()),
            ChangePasswordError::Gone => Self::unauthorized(),
            ChangePasswordError::Db(error) => error.into(),
            ChangePasswordError::Hash(error) => Self::internal(&error),
        }
    }
}
