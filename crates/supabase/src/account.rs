//! `/user`: the signed-in person's own account.

use axum::{Json as Answer, extract::State};
use http_kit::App;
use identity::{
    ChangeEmailError, ChangePasswordError, change_email, change_password,
    mailing::Via,
    one_time::{self, Purpose},
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    AuthError,
    body::{Json, Query},
    caller::Caller,
    pkce, redirect,
    signup::{LONGEST_PASSWORD, Redirect, address, user_is_gone, weak},
    store,
    user::{User, merge},
};

/// `GET /user`
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Result<Answer<User>, AuthError> {
    Ok(Answer(store::user(&app.db, caller.user, Some(caller.session)).await?.ok_or_else(user_is_gone)?))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Changes {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    /// The code of `GET /reauthenticate`.
    nonce: Option<String>,
    data: Option<Map<String, Value>>,
    app_metadata: Option<Value>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// `PUT /user`: changes what is given. A new address takes effect when its letter is answered.
pub(crate) async fn change(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<Redirect>,
    Json(changes): Json<Changes>,
) -> Result<Answer<User>, AuthError> {
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let before = store::user(&app.db, caller.user, Some(caller.session)).await?.ok_or_else(user_is_gone)?;
    let challenge = pkce::challenge(changes.code_challenge.as_deref(), changes.code_challenge_method.as_deref())?;
    let email = filled(changes.email).map(|email| address(&email)).transpose()?.filter(|email| email.as_str() != before.email);
    let password = filled(changes.password);
    if changes.app_metadata.is_some() {
        return Err(AuthError::new(403, "not_admin", "Updating app_metadata requires admin privileges"));
    }
    if filled(changes.phone).is_some() {
        return Err(AuthError::new(400, "phone_provider_disabled", "Unsupported phone provider"));
    }
    if (email.is_some() || password.is_some()) && caller.lacks_second_factor() {
        let detail = "AAL2 session is required to update email or password when MFA is enabled.";
        return Err(AuthError::new(401, "insufficient_aal", detail));
    }
    if let Some(email) = &email
        && store::by_email(&app.db, email.as_str()).await?.is_some()
    {
        return Err(email_exists());
    }
    if let Some(nonce) = filled(changes.nonce) {
        check_nonce(&app, &before.email, &nonce).await?;
    }
    if let Some(password) = password {
        set_password(&app, &caller, password).await?;
    }
    if let Some(email) = email {
        let via = Via::Api { redirect_to: redirect::allowed(&app.config, query.redirect_to.as_deref()) };
        change_email(&app, caller.user, email.as_str(), via, challenge, &caller.client).await.map_err(|error| match error {
            ChangeEmailError::Invalid(why) => AuthError::validation(format!("Unable to validate email address: it {why}")),
            ChangeEmailError::Same | ChangeEmailError::Taken => email_exists(),
            ChangeEmailError::Throttled(wait) => AuthError::too_many("over_email_send_rate_limit", wait),
            ChangeEmailError::Db(error) => error.into(),
        })?;
    }
    if let Some(data) = changes.data {
        let tx = app.db.system().await?;
        let (stored, _) = store::metadata(&tx, caller.user).await?.ok_or_else(user_is_gone)?;
        store::set_user_metadata(&tx, caller.user, &merge(&stored, &data), app.clock.now()).await?;
        tx.commit().await?;
    }
    show(State(app), caller).await
}

async fn set_password(app: &App, caller: &Caller, password: String) -> Result<(), AuthError> {
    if password.chars().count() > LONGEST_PASSWORD {
        return Err(AuthError::validation(format!("Password cannot be longer than {LONGEST_PASSWORD} characters")));
    }
    change_password(app, caller.user, Some(caller.session), password, &caller.client).await.map_err(|error| match error {
        ChangePasswordError::Weak(weakness) => weak(&weakness),
        ChangePasswordError::Same => AuthError::new(422, "same_password", "New password should be different from the old password."),
        ChangePasswordError::Gone => user_is_gone(),
        ChangePasswordError::Db(error) => error.into(),
        ChangePasswordError::Hash(error) => AuthError::unexpected(&error),
    })
}

async fn check_nonce(app: &App, email: &str, nonce: &str) -> Result<(), AuthError> {
    let tx = app.db.system().await?;
    let redeemed =
        one_time::redeem_code(&tx, &app.config.secret, &[Purpose::Reauthentication], email, nonce.trim(), app.clock.now()).await?;
    // A wrong guess counts.
    tx.commit().await?;
    match redeemed {
        Some(_) => Ok(()),
        None => Err(AuthError::new(422, "reauthentication_not_valid", "Nonce has expired or is invalid")),
    }
}

pub(crate) fn email_exists() -> AuthError {
    AuthError::new(422, "email_exists", "A user with this email address has already been registered")
}
