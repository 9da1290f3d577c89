use std::time::Duration;

use db::DbError;
use http_kit::{App, Problem};
use kernel::{FactorId, SessionId, UserId, Uuid};

use super::{
    accept::{self, Shown},
    model::GUESSES,
    store::{self, Waiting},
    throttle,
};
use crate::{Client, Engine, record};

/// A code shown in answer to a challenge.
#[derive(Clone, Copy)]
pub struct CodeAnswer<'a> {
    pub user: UserId,
    /// The session to raise; one of `user`.
    pub session: SessionId,
    pub factor: FactorId,
    pub challenge: Uuid,
    pub code: &'a str,
}

/// Why the code counted for nothing.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No such factor, or somebody else's.
    #[error("Factor not found")]
    FactorNotFound,
    /// No such challenge, another factor's, or answered already.
    #[error("MFA factor with the provided challenge ID not found")]
    ChallengeNotFound,
    #[error("MFA challenge has expired, verify against another challenge or create a new challenge.")]
    ChallengeExpired,
    /// Wrong, too old, or used before.
    #[error("Invalid TOTP code entered")]
    WrongCode,
    #[error("too many tries")]
    Throttled(Duration),
    #[error("{0:?}")]
    Problem(Problem),
}

/// Answers a challenge of the Auth API with a code: the session reaches `aal2`, and the factor counts from
/// the first time on. A challenge bears five wrong codes and one right one; a code works once.
pub async fn verify(app: &App, answer: CodeAnswer<'_>, client: &Client) -> Result<(), VerifyError> {
    throttle::answer(app, answer.user, client).await.map_err(VerifyError::Throttled)?;
    let now = app.clock.now();
    let tx = app.db.system().await?;
    if !store::has_totp(&tx, answer.user, answer.factor).await? {
        return Err(VerifyError::FactorNotFound);
    }
    let waiting = store::lock_challenge(&tx, answer.challenge).await?;
    let waiting = waiting.filter(|waiting: &Waiting| {
        waiting.purpose == "verify" && waiting.user == Some(answer.user) && waiting.factor == Some(answer.factor)
    });
    let waiting = waiting.ok_or(VerifyError::ChallengeNotFound)?;
    if waiting.expires_at <= now {
        store::delete_challenge(&tx, answer.challenge).await?;
        tx.commit().await?;
        return Err(VerifyError::ChallengeExpired);
    }
    let shown = Shown { user: answer.user, session: answer.session, client };
    let right = accept::code(&tx, app, shown, answer.factor, answer.code, now).await?;
    if right {
        store::delete_challenge(&tx, answer.challenge).await?;
    } else {
        store::count_failure(&tx, answer.challenge, GUESSES).await?;
    }
    tx.commit().await?;
    if right {
        Engine::of(app)?.forget_person(answer.user);
        return Ok(());
    }
    record::refused(app, answer.user, "code", client);
    Err(VerifyError::WrongCode)
}

impl From<DbError> for VerifyError {
    fn from(error: DbError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for VerifyError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}
