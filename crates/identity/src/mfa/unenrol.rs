use db::{DbError, SystemTx};
use http_kit::{App, Problem};
use jiff::Timestamp;
use kernel::{Actor, FactorId, UserId};
use serde_json::json;

use super::{accept::notify_person, store};
use crate::{Client, Engine, mailing::Notice, record};

/// Why the factor stays.
#[derive(Debug, thiserror::Error)]
pub enum UnenrolError {
    /// No such factor, or somebody else's.
    #[error("Factor not found")]
    NotFound,
    /// What counts is removed only by somebody who has shown a second factor.
    #[error("AAL2 session is required to unenroll verified factor")]
    InsufficientAal,
    #[error("{0:?}")]
    Problem(Problem),
}

/// Removes a factor of `user`, whose session has reached `aal`. Their sessions fall back to one factor;
/// recovery codes go with the last factor.
pub async fn unenrol(app: &App, user: UserId, aal: i16, factor: FactorId, client: &Client) -> Result<(), UnenrolError> {
    let tx = app.db.system().await?;
    let found = store::factor(&tx, user, factor).await?.ok_or(UnenrolError::NotFound)?;
    if found.is_verified() && aal < 2 {
        return Err(UnenrolError::InsufficientAal);
    }
    remove_factor(&tx, Actor::User(user), user, factor, client, app.clock.now()).await?;
    tx.commit().await?;
    Engine::of(app)?.forget_person(user);
    Ok(())
}

/// Removes a factor without asking for one, on behalf of an administrator. `false`: they have no such factor.
pub async fn remove_factor(
    tx: &SystemTx,
    actor: Actor,
    user: UserId,
    factor: FactorId,
    client: &Client,
    now: Timestamp,
) -> Result<bool, DbError> {
    let Some(gone) = store::delete(tx, user, factor).await? else { return Ok(false) };
    if gone.is_verified() {
        store::drop_to_one_factor(tx, user).await?;
        if store::count(tx, user).await?.1 == 0 {
            store::delete_recovery_codes(tx, user).await?;
        }
        let payload = json!({ "factor": factor, "kind": gone.kind.as_str() });
        record::record_by(tx, actor, user, "person.mfa_removed", &payload, client, now).await?;
        notify_person(tx, user, Notice::FactorRemoved, now).await?;
    }
    Ok(true)
}

impl From<DbError> for UnenrolError {
    fn from(error: DbError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for UnenrolError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<UnenrolError> for Problem {
    fn from(error: UnenrolError) -> Self {
        match error {
            UnenrolError::NotFound => Self::not_found(),
            UnenrolError::InsufficientAal => Self::forbidden("Show your second factor before you remove one.").remedy("/login/factor"),
            UnenrolError::Problem(problem) => problem,
        }
    }
}
