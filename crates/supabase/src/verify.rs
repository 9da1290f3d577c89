//! Redeeming what was mailed: a link that somebody follows, or a code or token that a program hands in.

use axum::{extract::State, response::Response};
use db::SystemTx;
use http_kit::App;
use identity::{
    Client, ConfirmError, confirm,
    flow::{self, ExchangeError, Flow},
    join_by_address,
    one_time::{self, Purpose, Redeemed},
    session::{self, Method, NewSession},
};
use serde::Deserialize;

use crate::{
    AuthError,
    answer::{self, SessionBody},
    body::{Json, Query},
    limit::Limit,
    redirect,
    signup::address,
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    r#type: String,
    email: Option<String>,
    phone: Option<String>,
    token: Option<String>,
    token_hash: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Params {
    r#type: String,
    token: String,
    redirect_to: Option<String>,
}

/// `POST /verify`: a session for a typed code (with its address) or a link's token.
pub(crate) async fn by_program(State(app): State<App>, client: Client, Json(body): Json<Body>) -> Result<SessionBody, AuthError> {
    Limit::Verify.count(&app, &client).await?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    let (code, link, email, phone) = (filled(body.token), filled(body.token_hash), filled(body.email), filled(body.phone));
    let purposes = purposes(&body.r#type)?;
    let tx = app.db.system().await?;
    let (redeemed, tx) = match (code, link, email, phone) {
        (Some(code), None, Some(email), None) => by_code(&app, tx, purposes, address(&email)?.as_str(), code.trim()).await?,
        (Some(_), None, ..) => return Err(AuthError::validation("Only an email address or phone number should be provided on verify")),
        (None, Some(link), None, None) => by_link(&app, tx, purposes, &link).await?,
        (None, Some(_), ..) => return Err(AuthError::validation("Only the token_hash and type should be provided")),
        _ => return Err(AuthError::validation("Verify requires either a token or a token hash")),
    };
    let redeemed = redeemed.ok_or_else(|| expired("Token has expired or is invalid"))?;
    let (_, tx) = proved(&app, tx, &redeemed, &client).await?;
    let session = session::open(&tx, &NewSession::by(redeemed.user, Method::Otp), &client, app.clock.now()).await?;
    tx.commit().await?;
    answer::of_session(&app, session).await
}

/// `GET /verify`: somebody follows the link of a mail. They go on to where the client wants them, with a
/// session, or with a code where the client asked by PKCE.
pub(crate) async fn by_person(State(app): State<App>, client: Client, Query(params): Query<Params>) -> Result<Response, AuthError> {
    Limit::Verify.count(&app, &client).await?;
    if params.token.is_empty() {
        return Err(AuthError::validation("Verify requires a token or a token hash"));
    }
    purposes(&params.r#type)?;
    let to = redirect::target(&app, params.redirect_to.as_deref());
    Ok(match follow(&app, &client, &params).await {
        Ok(Followed::Session(session)) => redirect::with_session(to, &session, &params.r#type),
        Ok(Followed::Code(code)) => redirect::with_code(to, &code),
        Err(error) => redirect::with_error(to, &error, params.token.starts_with("pkce_")),
    })
}

enum Followed {
    Session(Box<SessionBody>),
    Code(String),
}

async fn follow(app: &App, client: &Client, params: &Params) -> Result<Followed, AuthError> {
    let tx = app.db.system().await?;
    let (redeemed, tx) = by_link(app, tx, purposes(&params.r#type)?, &params.token).await?;
    let redeemed = redeemed.ok_or_else(|| expired("Email link is invalid or has expired"))?;
    let (method, tx) = proved(app, tx, &redeemed, client).await?;
    let now = app.clock.now();
    match &redeemed.challenge {
        Some(challenge) => {
            let flow = Flow { user: redeemed.user, method, only_org: None, provider_tokens: None };
            let code = flow::issue(&tx, &app.vault, &flow, challenge, now).await.map_err(|error| match error {
                ExchangeError::Db(error) => error.into(),
                other => AuthError::unexpected(&other),
            })?;
            tx.commit().await?;
            Ok(Followed::Code(code))
        }
        None => {
            let session = session::open(&tx, &NewSession::by(redeemed.user, Method::Otp), client, now).await?;
            tx.commit().await?;
            Ok(Followed::Session(Box::new(answer::of_session(app, session).await?)))
        }
    }
}

/// A wrong guess is kept also when nothing else happens: six digits bear few.
async fn by_code(
    app: &App,
    tx: SystemTx,
    purposes: &[Purpose],
    email: &str,
    code: &str,
) -> Result<(Option<Redeemed>, SystemTx), AuthError> {
    let counted = one_time::count_code(app, email).await;
    counted.map_err(|throttled| AuthError::too_many("over_request_rate_limit", throttled.retry_after))?;
    let redeemed = one_time::redeem_code(&tx, &app.config.secret, purposes, email, code, app.clock.now()).await?;
    if redeemed.is_some() {
        return Ok((redeemed, tx));
    }
    tx.commit().await?;
    Err(expired("Token has expired or is invalid"))
}

/// A token that is handed in for something else than it is for stays good for that.
async fn by_link(app: &App, tx: SystemTx, purposes: &[Purpose], token: &str) -> Result<(Option<Redeemed>, SystemTx), AuthError> {
    let redeemed = one_time::redeem_link(&tx, token, app.clock.now()).await?;
    Ok((redeemed.filter(|redeemed| purposes.contains(&redeemed.purpose)), tx))
}

/// Applies what was proved, and says how it was. Somebody with an address of a domain that an organisation
/// has claimed works there from now on.
async fn proved(app: &App, tx: SystemTx, redeemed: &Redeemed, client: &Client) -> Result<(Method, SystemTx), AuthError> {
    let now = app.clock.now();
    let refusal = match confirm(&tx, redeemed, client, now).await {
        Ok(method) => {
            join_by_address(&tx, redeemed.user, &redeemed.email, now).await?;
            return Ok((method, tx));
        }
        Err(ConfirmError::Db(error)) => return Err(error.into()),
        Err(ConfirmError::Stale) => expired("Email link is invalid or has expired"),
        Err(ConfirmError::Banned) => AuthError::new(403, "user_banned", "User is banned"),
        Err(ConfirmError::Taken) => AuthError::new(422, "email_exists", "A user with this email address has already been registered"),
    };
    // Used up all the same.
    tx.commit().await?;
    Err(refusal)
}

fn expired(message: &'static str) -> AuthError {
    AuthError::new(403, "otp_expired", message)
}

/// What a `type` stands for. `email` is what was sent to sign somebody in, who may have been new.
fn purposes(kind: &str) -> Result<&'static [Purpose], AuthError> {
    Ok(match kind {
        "email" => &[Purpose::MagicLink, Purpose::Signup],
        "signup" => &[Purpose::Signup],
        "magiclink" => &[Purpose::MagicLink],
        "recovery" => &[Purpose::Recovery],
        "invite" => &[Purpose::Invite],
        "email_change" => &[Purpose::EmailChange],
        "" => return Err(AuthError::validation("Verify requires a verification type")),
        _ => return Err(AuthError::validation("Unsupported verification type")),
    })
}
