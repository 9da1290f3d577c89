use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http_kit::{App, SignUp};
use identity::{
    Client,
    mailing::{MailRequest, NewPerson, Via, request_mail},
    one_time::Purpose,
    password,
    session::{Method, NewSession},
    store::{NewUser, insert_user},
};
use kernel::{EmailAddress, UserId};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    AuthError, answer,
    body::{Json, Query},
    limit::Limit,
    mail::mail_error,
    pkce, redirect, store,
    user::{User, display_name},
};

/// Longer ones are refused, as Supabase Auth does: somebody may move there.
pub(crate) const LONGEST_PASSWORD: usize = 72;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    email: Option<String>,
    phone: Option<String>,
    password: Option<String>,
    data: Option<Map<String, Value>>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// Where the link of a mail leads in the end.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Redirect {
    pub(crate) redirect_to: Option<String>,
}

/// `POST /signup`: a session where addresses need no proof, else the bare user and a letter.
pub(crate) async fn sign_up(
    State(app): State<App>,
    client: Client,
    Query(query): Query<Redirect>,
    Json(body): Json<Body>,
) -> Result<Response, AuthError> {
    if app.config.signup != SignUp::Open {
        return Err(AuthError::new(422, "signup_disabled", "Signups not allowed for this instance"));
    }
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let Some(email) = filled(body.email) else {
        return Err(match filled(body.phone) {
            Some(_) => AuthError::new(400, "phone_provider_disabled", "Phone signups are disabled"),
            None => AuthError::new(422, "anonymous_provider_disabled", "Anonymous sign-ins are disabled"),
        });
    };
    Limit::SignUp.count(&app, &client).await?;
    let challenge = pkce::challenge(body.code_challenge.as_deref(), body.code_challenge_method.as_deref())?;
    let email = address(&email)?;
    let data = body.data.unwrap_or_default();
    let name = display_name(&data, email.as_str());
    let password = filled(body.password).ok_or_else(|| AuthError::validation("Signup requires a valid password"))?;
    let password_hash = hashed(password, &[email.as_str(), &name]).await?;

    let known = store::by_email(&app.db, email.as_str()).await?;
    if !app.config.auth.confirm_email {
        if known.is_some() {
            return Err(AuthError::new(422, "user_already_exists", "User already registered"));
        }
        let user = insert(&app, &email, &name, Some(&password_hash), true, &data).await?;
        return Ok(answer::open(&app, &NewSession::by(user, Method::Password), &client).await?.into_response());
    }
    let id = match known {
        Some((id, _)) => id,
        None => insert(&app, &email, &name, Some(&password_hash), false, &data).await?,
    };
    let letter = MailRequest {
        purpose: Purpose::Signup,
        email: email.as_str().to_owned(),
        via: Via::Api { redirect_to: redirect::allowed(&app.config, query.redirect_to.as_deref()) },
        challenge,
        create: Some(NewPerson { id, name, password_hash: Some(password_hash), user_metadata: Value::Object(data.clone()) }),
        from: Some(client.neighbourhood()),
    };
    request_mail(&app, letter).await.map_err(mail_error)?;
    let user = match known {
        Some((_, true)) => User::pretended(email.as_str(), &data, app.clock.now()),
        _ => {
            let user = store::user(&app.db, id, None).await?.ok_or_else(user_is_gone)?;
            // Asked for now, written down when the letter is made.
            let confirmation_sent_at = user.confirmation_sent_at.or(Some(app.clock.now()));
            User { confirmation_sent_at, user_metadata: Value::Object(data), ..user }
        }
    };
    Ok(axum::Json(user).into_response())
}

/// Makes somebody known.
pub(crate) async fn insert(
    app: &App,
    email: &EmailAddress,
    name: &str,
    password_hash: Option<&str>,
    confirmed: bool,
    data: &Map<String, Value>,
) -> Result<UserId, AuthError> {
    let id = UserId::new();
    let data = Value::Object(data.clone());
    let tx = app.db.system().await?;
    let new = NewUser { id, email: email.as_str(), name, password_hash, confirmed, user_metadata: &data };
    insert_user(&tx, &new, app.clock.now()).await.map_err(|error| match error.constraint() {
        Some("users_email_key") => AuthError::new(422, "user_already_exists", "User already registered"),
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(id)
}

/// A valid address, in lower case.
pub(crate) fn address(text: &str) -> Result<EmailAddress, AuthError> {
    EmailAddress::parse(text)
        .map_err(|error| AuthError::validation(format!("Unable to validate email address: invalid format (it {error})")))
}

/// The hash of a password that may be one. `inputs` are what a stranger would try.
pub(crate) async fn hashed(password: String, inputs: &[&str]) -> Result<String, AuthError> {
    if password.chars().count() > LONGEST_PASSWORD {
        return Err(AuthError::validation(format!("Password cannot be longer than {LONGEST_PASSWORD} characters")));
    }
    if let Some(weakness) = password::weakness(&password, inputs) {
        return Err(weak(&weakness));
    }
    password::hash(password).await.map_err(|error| AuthError::unexpected(&error))
}

pub(crate) fn weak(weakness: &password::Weakness) -> AuthError {
    let reasons = weakness.reasons.iter().map(|reason| reason.as_str()).collect();
    AuthError::weak_password(format!("The password {}", weakness.text), reasons)
}

pub(crate) fn user_is_gone() -> AuthError {
    AuthError::new(404, "user_not_found", "User not found")
}
