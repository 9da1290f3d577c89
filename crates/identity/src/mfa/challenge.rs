use std::time::Duration;

use db::DbError;
use http_kit::App;
use jiff::Timestamp;
use kernel::{FactorId, UserId, Uuid};

use super::{FactorKind, model::CHALLENGE_LIFETIME, store, throttle};

/// A question that waits for a code.
#[derive(Debug, Clone, Copy)]
pub struct Challenged {
    pub id: Uuid,
    pub kind: FactorKind,
    pub expires_at: Timestamp,
}

/// Why nothing was asked.
#[derive(Debug, thiserror::Error)]
pub enum ChallengeError {
    /// No such factor, or somebody else's.
    #[error("Factor not found")]
    NotFound,
    #[error("too many tries")]
    Throttled(Duration),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Asks for a code of `factor`, for clients of the Auth API. Our own pages ask and answer in one.
pub async fn challenge(app: &App, user: UserId, factor: FactorId) -> Result<Challenged, ChallengeError> {
    throttle::question(app, user).await.map_err(ChallengeError::Throttled)?;
    let now = app.clock.now();
    let tx = app.db.system().await?;
    if !store::note_challenge(&tx, user, factor, FactorKind::Totp, now).await? {
        return Err(ChallengeError::NotFound);
    }
    let asked = Challenged { id: Uuid::now_v7(), kind: FactorKind::Totp, expires_at: now.checked_add(CHALLENGE_LIFETIME).unwrap_or(now) };
    let challenge = store::NewChallenge { id: asked.id, factor: Some(factor), user: Some(user), purpose: "verify", state: None };
    store::insert_challenge(&tx, &challenge, now, asked.expires_at).await?;
    tx.commit().await?;
    Ok(asked)
}
