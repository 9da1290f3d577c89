use axum::{Json as Answer, extract::State};
use http_kit::App;
use identity::{
    mailing::{MailRequest, Via, request_mail},
    one_time::Purpose,
};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    AuthError,
    account::email_exists,
    body::{Json, Query},
    caller::Admin,
    mail::mail_error,
    redirect,
    signup::{self, Redirect, address, user_is_gone},
    store,
    user::{User, display_name},
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Body {
    email: String,
    data: Option<Map<String, Value>>,
}

/// `POST /invite`: makes somebody known and sends them a letter.
pub(crate) async fn invite(
    State(app): State<App>,
    _: Admin,
    Query(query): Query<Redirect>,
    Json(body): Json<Body>,
) -> Result<Answer<User>, AuthError> {
    let email = address(&body.email)?;
    let user = match store::by_email(&app.db, email.as_str()).await? {
        Some((_, true)) => return Err(email_exists()),
        Some((user, false)) => user,
        None => {
            let data = body.data.unwrap_or_default();
            signup::insert(&app, &email, &display_name(&data, email.as_str()), None, false, &data).await?
        }
    };
    let via = Via::Api { redirect_to: redirect::allowed(&app.config, query.redirect_to.as_deref()) };
    let letter = MailRequest { purpose: Purpose::Invite, email: email.as_str().to_owned(), via, challenge: None, create: None, from: None };
    request_mail(&app, letter).await.map_err(mail_error)?;
    let user = store::user(&app.db, user, None).await?.ok_or_else(user_is_gone)?;
    // Asked for now, written down when the letter is made.
    let now = app.clock.now();
    let (invited_at, confirmation_sent_at) = (user.invited_at.or(Some(now)), user.confirmation_sent_at.or(Some(now)));
    Ok(Answer(User { invited_at, confirmation_sent_at, ..user }))
}
