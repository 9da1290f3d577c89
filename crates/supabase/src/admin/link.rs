use axum::{Json as Answer, extract::State};
use http_kit::App;
use identity::{
    mailing::{self, Via},
    one_time::Purpose,
};
use kernel::{EmailAddress, UserId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    AuthError,
    account::email_exists,
    body::{Json, Query},
    caller::Admin,
    redirect,
    signup::{self, Redirect, address, hashed, user_is_gone},
    store,
    user::{User, display_name},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    r#type: String,
    email: String,
    new_email: Option<String>,
    password: Option<String>,
    data: Option<Map<String, Value>>,
    redirect_to: Option<String>,
}

/// A link that a trusted server hands over itself.
#[derive(Debug, Serialize)]
pub(crate) struct Link {
    #[serde(flatten)]
    user: User,
    action_link: String,
    email_otp: String,
    hashed_token: String,
    verification_type: &'static str,
    redirect_to: String,
}

/// `POST /admin/generate_link`: makes the link of a letter, and sends none.
pub(crate) async fn generate(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<Redirect>,
    Json(body): Json<Body>,
) -> Result<Answer<Link>, AuthError> {
    let email = address(&body.email)?;
    let known = store::by_email(&app.db, email.as_str()).await?;
    let redirect_to = redirect::allowed(&app.config, body.redirect_to.as_deref().or(query.redirect_to.as_deref()));
    let no_user = || AuthError::new(404, "user_not_found", "User with this email not found");
    let mut receiver = email.clone();
    let (user, purpose, verification_type) = match (body.r#type.as_str(), known) {
        ("magiclink", Some((user, _))) => (user, Purpose::MagicLink, "magiclink"),
        ("recovery", Some((user, _))) => (user, Purpose::Recovery, "recovery"),
        ("signup" | "invite", Some((_, true))) => return Err(email_exists()),
        ("signup", Some((user, false))) => (user, Purpose::Signup, "signup"),
        ("invite", Some((user, false))) => (user, Purpose::Invite, "invite"),
        ("signup", None) => {
            let password = body.password.filter(|password| !password.is_empty());
            let password = password.ok_or_else(|| AuthError::validation("Signup requires a valid password"))?;
            (newcomer(&app, &email, Some(password), body.data).await?, Purpose::Signup, "signup")
        }
        // Whoever is new signs up by it.
        ("magiclink", None) => (newcomer(&app, &email, None, body.data).await?, Purpose::Signup, "signup"),
        ("invite", None) => (newcomer(&app, &email, None, body.data).await?, Purpose::Invite, "invite"),
        ("email_change_new", Some((user, _))) => {
            receiver = new_address(&app, user, body.new_email.as_deref()).await?;
            (user, Purpose::EmailChange, "email_change_new")
        }
        ("email_change_current", _) => {
            return Err(AuthError::validation("Enable secure email change to generate link for current email"));
        }
        ("recovery" | "email_change_new", None) => return Err(no_user()),
        (other, _) => return Err(AuthError::validation(format!("Invalid email action link type requested: {other}"))),
    };
    let tx = app.db.system().await?;
    let issued = mailing::generate(&tx, &app, user, purpose, receiver.as_str(), None, app.clock.now()).await?;
    tx.commit().await?;
    let action_link = mailing::link(&app, purpose, &issued.token, &Via::Api { redirect_to: redirect_to.clone() });
    Ok(Answer(Link {
        user: store::user(&app.db, user, None).await?.ok_or_else(user_is_gone)?,
        action_link,
        email_otp: issued.code,
        hashed_token: issued.token,
        verification_type,
        redirect_to: redirect_to.unwrap_or_else(|| redirect::target(&app, None).into()),
    }))
}

async fn newcomer(
    app: &App,
    email: &EmailAddress,
    password: Option<String>,
    data: Option<Map<String, Value>>,
) -> Result<UserId, AuthError> {
    let data = data.unwrap_or_default();
    let name = display_name(&data, email.as_str());
    let hash = match password {
        Some(password) => Some(hashed(password, &[email.as_str(), &name]).await?),
        None => None,
    };
    signup::insert(app, email, &name, hash.as_deref(), false, &data).await
}

async fn new_address(app: &App, user: UserId, new: Option<&str>) -> Result<EmailAddress, AuthError> {
    let new = address(new.unwrap_or_default())?;
    if store::by_email(&app.db, new.as_str()).await?.is_some() {
        return Err(email_exists());
    }
    let tx = app.db.system().await?;
    store::set_waiting_address(&tx, user, new.as_str(), app.clock.now()).await?;
    tx.commit().await?;
    Ok(new)
}
