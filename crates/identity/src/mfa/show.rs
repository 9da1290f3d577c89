//! How our own pages have a second factor shown: question and answer in one request.

use std::time::Duration;

use db::DbError;
use http_kit::{App, Problem};
use kernel::FactorId;

use super::{
    accept::{self, Shown},
    recovery, store, throttle,
};
use crate::{
    Engine, record,
    session::{self, Method},
};

/// Why the session was not raised.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShowError {
    /// Wrong, too old, or used before.
    #[error("That code does not count. Wait for the app to show the next one and type it within half a minute.")]
    WrongCode,
    #[error("That recovery code does not count: each works once, and new ones end the old ones.")]
    WrongRecoveryCode,
    #[error("too many tries")]
    Throttled(Duration),
    #[error("{0:?}")]
    Problem(Problem),
}

/// A code of the app `factor`. The first one makes the factor count.
pub(crate) async fn show_code(app: &App, shown: Shown<'_>, factor: FactorId, code: &str) -> Result<(), ShowError> {
    throttle::answer(app, shown.user, shown.client).await.map_err(ShowError::Throttled)?;
    let tx = app.db.system().await?;
    if !accept::code(&tx, app, shown, factor, code, app.clock.now()).await? {
        // A first code that was mistyped while the app is set up is no sign-in that failed.
        if store::factors(&app.db, shown.user).await?.iter().any(|known| known.id == factor && known.is_verified()) {
            record::refused(app, shown.user, "code", shown.client);
        }
        return Err(ShowError::WrongCode);
    }
    tx.commit().await?;
    Engine::of(app)?.forget_person(shown.user);
    Ok(())
}

/// A recovery code; the person is told by mail that one was used.
pub(crate) async fn show_recovery_code(app: &App, shown: Shown<'_>, code: &str) -> Result<(), ShowError> {
    throttle::answer(app, shown.user, shown.client).await.map_err(ShowError::Throttled)?;
    let now = app.clock.now();
    let tx = app.db.system().await?;
    if !recovery::use_code(&tx, app, shown, code, now).await? {
        record::refused(app, shown.user, "code", shown.client);
        return Err(ShowError::WrongRecoveryCode);
    }
    session::raise(&tx, shown.session, Method::RecoveryCode, now).await?;
    tx.commit().await?;
    Engine::of(app)?.forget_person(shown.user);
    Ok(())
}

/// How many recovery codes are left.
pub(crate) async fn recovery_codes_left(app: &App, user: kernel::UserId) -> Result<i64, DbError> {
    let tx = app.db.system().await?;
    store::recovery_codes_left(&tx, user).await
}

impl From<DbError> for ShowError {
    fn from(error: DbError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for ShowError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<ShowError> for Problem {
    fn from(error: ShowError) -> Self {
        match error {
            ShowError::WrongCode | ShowError::WrongRecoveryCode => Self::field("/code", "code.wrong", error.to_string()),
            ShowError::Throttled(wait) => Self::too_many(wait),
            ShowError::Problem(problem) => problem,
        }
    }
}
