//! Passkeys (WebAuthn level 3): discoverable credentials with user verification, so that one is a second
//! factor beside a password, or both factors in one without.

mod check;
mod register;
mod relying_party;
mod show;
mod sign_in;
mod state;

pub(crate) use register::{begin_registration, finish_registration};
pub(crate) use relying_party::relying_party;
pub(crate) use show::{begin_showing, finish_showing};
pub(crate) use sign_in::{begin_sign_in, finish_sign_in};

use http_kit::Problem;
use kernel::Uuid;
use serde::Serialize;
use webauthn_rs::prelude::WebauthnError;

use super::EnrolError;

/// What the browser is asked to do.
#[derive(Debug, Serialize)]
pub(crate) struct Ceremony<T> {
    /// Comes back with the answer; good once, for five minutes.
    pub(crate) challenge_id: Uuid,
    /// For `navigator.credentials`.
    pub(crate) options: T,
}

/// Why a passkey was not accepted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PasskeyError {
    /// The ceremony is over, answered already, or somebody else's.
    #[error("This took too long, or was answered already. Try again.")]
    Ended,
    #[error("This passkey is not known here. Sign in another way and add it under Security.")]
    Unknown,
    /// The signature counter went back: there is a copy of it (WebAuthn, section 6.1.1).
    #[error("This passkey seems to have been copied, so it was refused. Sign in another way, remove it and add a new one.")]
    Copied,
    #[error("The passkey could not be verified. Try again, or use another way.")]
    Refused,
    #[error("{0:?}")]
    Problem(Problem),
}

impl PasskeyError {
    /// For the event log.
    const fn word(&self) -> &'static str {
        if matches!(self, Self::Copied) { "passkey_copied" } else { "passkey" }
    }
}

impl From<WebauthnError> for PasskeyError {
    fn from(error: WebauthnError) -> Self {
        tracing::debug!(%error, "a passkey was refused");
        if matches!(error, WebauthnError::CredentialPossibleCompromise) { Self::Copied } else { Self::Refused }
    }
}

impl From<EnrolError> for PasskeyError {
    fn from(error: EnrolError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<db::DbError> for PasskeyError {
    fn from(error: db::DbError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<vault::VaultError> for PasskeyError {
    fn from(error: vault::VaultError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for PasskeyError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

impl From<PasskeyError> for Problem {
    fn from(error: PasskeyError) -> Self {
        let code = match &error {
            PasskeyError::Ended => "passkey.ended",
            PasskeyError::Unknown => "passkey.unknown",
            PasskeyError::Copied => "passkey.copied",
            PasskeyError::Refused => "passkey.refused",
            PasskeyError::Problem(problem) => return problem.clone(),
        };
        Self::field("/credential", code, error.to_string())
    }
}
