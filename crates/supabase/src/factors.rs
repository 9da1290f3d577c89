//! `/factors`: the signed-in person's second factors.

use axum::{Json as Answer, extract::State};
use http_kit::App;
use identity::mfa::{self, ChallengeError, CodeAnswer, EnrolError, NewTotp, UnenrolError, VerifyError};
use kernel::{FactorId, Uuid};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    AuthError,
    answer::{self, SessionBody},
    body::{Id, Json},
    caller::Caller,
    limit::Limit,
    signup::user_is_gone,
    store,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewFactor {
    factor_type: String,
    friendly_name: Option<String>,
    issuer: Option<String>,
}

/// `POST /factors`: begins the enrolment of an authenticator app.
pub(crate) async fn enrol(State(app): State<App>, caller: Caller, Json(new): Json<NewFactor>) -> Result<Answer<Value>, AuthError> {
    match new.factor_type.as_str() {
        "totp" => {}
        "phone" => return Err(AuthError::new(422, "mfa_phone_enroll_not_enabled", "MFA enroll is disabled for Phone")),
        "webauthn" => {
            let detail = "MFA enroll is disabled for WebAuthn: passkeys are added in the account's security settings";
            return Err(AuthError::new(422, "mfa_webauthn_enroll_not_enabled", detail));
        }
        _ => return Err(AuthError::validation("factor_type needs to be totp, phone, or webauthn")),
    }
    let user = store::user(&app.db, caller.user, None).await?.ok_or_else(user_is_gone)?;
    let host = app.config.public_url.host_str().unwrap_or("Leadline").to_owned();
    let issuer = new.issuer.filter(|issuer| !issuer.is_empty()).unwrap_or(host);
    let totp = NewTotp {
        user: caller.user,
        aal: caller.standing.aal,
        email: &user.email,
        friendly_name: new.friendly_name.as_deref().unwrap_or_default(),
        issuer: &issuer,
    };
    let begun = mfa::enrol_totp(&app, totp).await.map_err(|error| match error {
        EnrolError::NameConflict(_) => AuthError::new(422, "mfa_factor_name_conflict", error.to_string()),
        EnrolError::Name(why) => AuthError::validation(why),
        EnrolError::TooMany => AuthError::new(422, "too_many_enrolled_mfa_factors", error.to_string()),
        EnrolError::InsufficientAal => AuthError::new(403, "insufficient_aal", error.to_string()),
        EnrolError::Problem(problem) => problem.into(),
    })?;
    Ok(Answer(json!({
        "id": begun.id.uuid(),
        "type": "totp",
        "friendly_name": begun.friendly_name,
        "totp": { "qr_code": begun.qr, "secret": begun.secret, "uri": begun.uri },
    })))
}

/// `POST /factors/{id}/challenge`
pub(crate) async fn challenge(State(app): State<App>, caller: Caller, Id(factor): Id) -> Result<Answer<Value>, AuthError> {
    Limit::SecondFactor.count(&app, &caller.client).await?;
    let asked = mfa::challenge(&app, caller.user, factor.into()).await.map_err(|error| match error {
        ChallengeError::NotFound => factor_not_found(),
        ChallengeError::Throttled(wait) => AuthError::too_many("over_request_rate_limit", wait),
        ChallengeError::Db(error) => error.into(),
    })?;
    Ok(Answer(json!({ "id": asked.id, "type": asked.kind.as_str(), "expires_at": asked.expires_at.as_second() })))
}

#[derive(Debug, Deserialize)]
pub(crate) struct Code {
    challenge_id: Uuid,
    #[serde(default)]
    code: String,
}

/// `POST /factors/{id}/verify`: raises the session.
pub(crate) async fn verify(
    State(app): State<App>,
    caller: Caller,
    Id(factor): Id,
    Json(body): Json<Code>,
) -> Result<SessionBody, AuthError> {
    Limit::SecondFactor.count(&app, &caller.client).await?;
    if body.code.is_empty() {
        return Err(AuthError::validation("Code needs to be non-empty"));
    }
    let shown = CodeAnswer {
        user: caller.user,
        session: caller.session,
        factor: factor.into(),
        challenge: body.challenge_id,
        code: body.code.trim(),
    };
    mfa::verify(&app, shown, &caller.client).await.map_err(|error| match error {
        VerifyError::FactorNotFound => factor_not_found(),
        VerifyError::ChallengeNotFound => AuthError::new(422, "mfa_factor_not_found", error.to_string()),
        VerifyError::ChallengeExpired => AuthError::new(422, "mfa_challenge_expired", error.to_string()),
        VerifyError::WrongCode => AuthError::new(422, "mfa_verification_failed", error.to_string()),
        VerifyError::Throttled(wait) => AuthError::too_many("over_request_rate_limit", wait),
        VerifyError::Problem(problem) => problem.into(),
    })?;
    answer::of_session(&app, caller.session).await
}

/// `DELETE /factors/{id}`
pub(crate) async fn unenrol(State(app): State<App>, caller: Caller, Id(factor): Id) -> Result<Answer<Value>, AuthError> {
    let factor = FactorId::from(factor);
    mfa::unenrol(&app, caller.user, caller.standing.aal, factor, &caller.client).await.map_err(|error| match error {
        UnenrolError::NotFound => factor_not_found(),
        UnenrolError::InsufficientAal => AuthError::new(422, "insufficient_aal", error.to_string()),
        UnenrolError::Problem(problem) => problem.into(),
    })?;
    Ok(Answer(json!({ "id": factor.uuid() })))
}

pub(crate) fn factor_not_found() -> AuthError {
    AuthError::new(404, "mfa_factor_not_found", "Factor not found")
}
