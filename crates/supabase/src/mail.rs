//! Asking for a mail: a link to sign in, a way back, another confirmation, a code to confirm oneself.
//! The answers say nothing of whether anybody has the address.

use axum::{Json as Answer, extract::State};
use http_kit::{App, SignUp};
use identity::{
    ChangeEmailError, Client, change_email,
    mailing::{MailFlowError, MailRequest, NewPerson, Via, request_code, request_mail},
    one_time::Purpose,
};
use kernel::UserId;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::{
    AuthError,
    body::{Json, Query},
    caller::Caller,
    limit::Limit,
    pkce, redirect,
    signup::{Redirect, address, user_is_gone},
    store,
    user::display_name,
};

#[derive(Debug, Deserialize)]
#[serde(default)]
pub(crate) struct OtpBody {
    email: Option<String>,
    phone: Option<String>,
    create_user: bool,
    data: Option<Map<String, Value>>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

impl Default for OtpBody {
    fn default() -> Self {
        Self { email: None, phone: None, create_user: true, data: None, code_challenge: None, code_challenge_method: None }
    }
}

/// `POST /otp`: a link and a code to sign in; makes somebody new known unless told otherwise.
pub(crate) async fn otp(
    State(app): State<App>,
    client: Client,
    Query(query): Query<Redirect>,
    Json(body): Json<OtpBody>,
) -> Result<Answer<Value>, AuthError> {
    let challenge = pkce::challenge(body.code_challenge.as_deref(), body.code_challenge_method.as_deref())?;
    let email = required(body.email, body.phone.as_deref())?;
    Limit::Otp.count(&app, &client).await?;
    if !body.create_user && store::by_email(&app.db, &email).await?.is_none() {
        return Err(AuthError::new(422, "otp_disabled", "Signups not allowed for otp"));
    }
    let data = body.data.unwrap_or_default();
    let create = (body.create_user && app.config.signup == SignUp::Open).then(|| NewPerson {
        id: UserId::new(),
        name: display_name(&data, &email),
        password_hash: None,
        user_metadata: Value::Object(data),
    });
    let request =
        MailRequest { purpose: Purpose::MagicLink, email, via: via(&app, query), challenge, create, from: Some(client.neighbourhood()) };
    request_mail(&app, request).await.map_err(mail_error)?;
    Ok(Answer(json!({})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RecoverBody {
    email: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// `POST /recover`: a way back for who has forgotten their password.
pub(crate) async fn recover(
    State(app): State<App>,
    client: Client,
    Query(query): Query<Redirect>,
    Json(body): Json<RecoverBody>,
) -> Result<Answer<Value>, AuthError> {
    let challenge = pkce::challenge(body.code_challenge.as_deref(), body.code_challenge_method.as_deref())?;
    let email = required(body.email, None)?;
    Limit::Recover.count(&app, &client).await?;
    let from = Some(client.neighbourhood());
    let request = MailRequest { purpose: Purpose::Recovery, email, via: via(&app, query), challenge, create: None, from };
    request_mail(&app, request).await.map_err(mail_error)?;
    Ok(Answer(json!({})))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ResendBody {
    r#type: String,
    email: Option<String>,
    phone: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// `POST /resend`: the letter of a sign-up or of a change of address once more.
pub(crate) async fn resend(
    State(app): State<App>,
    client: Client,
    Query(query): Query<Redirect>,
    Json(body): Json<ResendBody>,
) -> Result<Answer<Value>, AuthError> {
    let challenge = pkce::challenge(body.code_challenge.as_deref(), body.code_challenge_method.as_deref())?;
    if !matches!(body.r#type.as_str(), "signup" | "email_change" | "sms" | "phone_change") {
        return Err(AuthError::validation("Missing one of these types: signup, email_change, sms, phone_change"));
    }
    let email = required(body.email, body.phone.as_deref())?;
    Limit::Resend.count(&app, &client).await?;
    let via = via(&app, query);
    if body.r#type == "email_change" {
        // Beside the request: whether anything waits there must not show in the answer's time either.
        tokio::spawn(async move {
            let Ok(Some((user, new))) = store::waiting_address(&app.db, &email).await else { return };
            match change_email(&app, user, &new, via, challenge, &client).await {
                Ok(()) | Err(ChangeEmailError::Throttled(_)) => {}
                Err(error) => tracing::warn!(%error, "a letter about a change of address could not be sent again"),
            }
        });
        return Ok(Answer(json!({})));
    }
    let purpose = Purpose::Signup;
    let request = MailRequest { purpose, email, via, challenge, create: None, from: Some(client.neighbourhood()) };
    request_mail(&app, request).await.map_err(mail_error)?;
    Ok(Answer(json!({})))
}

/// `GET /reauthenticate`: a code that goes into `nonce` of `PUT /user`.
pub(crate) async fn reauthenticate(State(app): State<App>, caller: Caller) -> Result<Answer<Value>, AuthError> {
    let user = store::user(&app.db, caller.user, None).await?.ok_or_else(user_is_gone)?;
    request_code(&app, caller.user, user.email, caller.client.neighbourhood()).await.map_err(mail_error)?;
    Ok(Answer(json!({})))
}

fn required(email: Option<String>, phone: Option<&str>) -> Result<String, AuthError> {
    match (email.filter(|email| !email.is_empty()), phone.filter(|phone| !phone.is_empty())) {
        (Some(_), Some(_)) => Err(AuthError::validation("Only an email address or phone number should be provided")),
        (None, Some(_)) => Err(AuthError::new(400, "phone_provider_disabled", "Unsupported phone provider")),
        (None, None) => Err(AuthError::validation("One of email or phone must be set")),
        (Some(email), None) => Ok(address(&email)?.as_str().to_owned()),
    }
}

fn via(app: &App, query: Redirect) -> Via {
    Via::Api { redirect_to: redirect::allowed(&app.config, query.redirect_to.as_deref()) }
}

/// As Supabase Auth says it.
pub(crate) fn mail_error(error: MailFlowError) -> AuthError {
    match error {
        MailFlowError::Throttled(wait) => AuthError::too_many("over_email_send_rate_limit", wait),
        MailFlowError::Db(error) => error.into(),
    }
}
