//! The half of a ceremony that we keep: sealed, for one answer, for one person or for nobody yet.

use http_kit::{App, Problem};
use kernel::{UserId, Uuid};
use serde::{Serialize, de::DeserializeOwned};

use super::PasskeyError;
use crate::mfa::{
    model::CHALLENGE_LIFETIME,
    store::{self, NewChallenge},
};

fn context(id: Uuid) -> String {
    format!("mfa_challenges.state/{id}")
}

/// Keeps `state` until the answer comes; returns the challenge's id.
pub(super) async fn keep(app: &App, purpose: &str, user: Option<UserId>, state: &impl Serialize) -> Result<Uuid, Problem> {
    let (id, now) = (Uuid::now_v7(), app.clock.now());
    let plain = serde_json::to_vec(state).map_err(|error| Problem::internal(&error))?;
    let sealed = app.vault.seal(&context(id), &plain)?;
    let tx = app.db.system().await?;
    let challenge = NewChallenge { id, factor: None, user, purpose, state: Some(&sealed) };
    store::insert_challenge(&tx, &challenge, now, now.checked_add(CHALLENGE_LIFETIME).unwrap_or(now)).await?;
    tx.commit().await?;
    Ok(id)
}

/// Takes the state of a ceremony out, by itself: whatever comes of the answer, there is no second one.
pub(super) async fn take<T: DeserializeOwned>(app: &App, purpose: &str, user: Option<UserId>, id: Uuid) -> Result<T, PasskeyError> {
    let tx = app.db.system().await?;
    let sealed = store::take_state(&tx, id, purpose, user, app.clock.now()).await?;
    tx.commit().await?;
    let plain = app.vault.reveal(&context(id), &sealed.ok_or(PasskeyError::Ended)?)?;
    serde_json::from_slice(&plain).map_err(|error| Problem::internal(&error).into())
}
