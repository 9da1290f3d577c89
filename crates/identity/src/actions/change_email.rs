use std::time::Duration;

use db::DbError;
use http_kit::{App, Problem};
use kernel::{EmailAddress, UserId};

use crate::{
    Client,
    mailing::{self, MailFlowError, MailRequest, Via},
    one_time::{Challenge, Purpose},
    store::account,
};

/// Why no change of address was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEmailError {
    /// Goes on from "The address".
    #[error("The address {0}")]
    Invalid(String),
    #[error("This is your address already")]
    Same,
    /// Pages answer this like success: it is nobody's business who has an account.
    #[error("Another account has this address")]
    Taken,
    #[error("too many mails")]
    Throttled(Duration),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Sends a link to the new address. The account keeps the old one until the link is followed.
pub async fn change_email(
    app: &App,
    user: UserId,
    new: &str,
    via: Via,
    challenge: Option<Challenge>,
    client: &Client,
) -> Result<(), ChangeEmailError> {
    let email = EmailAddress::parse(new).map_err(|why| ChangeEmailError::Invalid(why.to_string()))?;
    let email = email.as_str().to_owned();
    let from = Some(client.neighbourhood());
    mailing::throttle(app, &email, from).await?;
    let tx = app.db.system().await?;
    if account::standing(&tx, user).await?.is_some_and(|standing| standing.email == email) {
        return Err(ChangeEmailError::Same);
    }
    if account::address_is_taken(&tx, &email).await? {
        return Err(ChangeEmailError::Taken);
    }
    account::set_new_address(&tx, user, &email, app.clock.now()).await?;
    tx.commit().await?;
    let request = MailRequest { purpose: Purpose::EmailChange, email, via, challenge, create: None, from };
    Ok(mailing::request_about(app, Some(user), request).await?)
}

impl From<MailFlowError> for ChangeEmailError {
    fn from(error: MailFlowError) -> Self {
        match error {
            MailFlowError::Throttled(wait) => Self::Throttled(wait),
            MailFlowError::Db(error) => Self::Db(error),
        }
    }
}

impl From<ChangeEmailError> for Problem {
    fn from(error: ChangeEmailError) -> Self {
        match error {
            ChangeEmailError::Invalid(_) => Self::field("/email", "email.invalid", error.to_string()),
            ChangeEmailError::Same => Self::field("/email", "email.same", error.to_string()),
            ChangeEmailError::Taken => Self::field("/email", "email.taken", error.to_string()),
            ChangeEmailError::Throttled(wait) => Self::too_many(wait),
            ChangeEmailError::Db(error) => error.into(),
        }
    }
}

/// The account keeps its address after all: the link to the new one opens nothing any more.
pub async fn keep_email(app: &App, user: UserId) -> Result<(), DbError> {
    let tx = app.db.system().await?;
    account::forget_new_address(&tx, user, app.clock.now()).await?;
    tx.commit().await
}
