use db::{DbError, SystemTx};
use http_kit::Problem;
use jiff::Timestamp;
use serde_json::json;

use super::join::join_by_address;
use crate::{
    Client,
    mailing::{Notice, notify},
    one_time::{Purpose, Redeemed},
    record,
    session::{self, Ending, Method},
    store::account,
};

/// Why what was proved changes nothing. The caller commits all the same: the link is used up.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmError {
    /// The account is gone, or has another address by now.
    #[error("This link is for an address that its account no longer has. Ask for another.")]
    Stale,
    #[error("This account is suspended. Ask the person who runs this server.")]
    Banned,
    /// Somebody else has the new address by now.
    #[error("Another account has this address by now, so yours keeps the one it has.")]
    Taken,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Applies what a mailed link or code has proved: the address is theirs. Returns how they proved it, for
/// the session that follows.
pub async fn confirm(tx: &SystemTx, redeemed: &Redeemed, client: &Client, now: Timestamp) -> Result<Method, ConfirmError> {
    let user = redeemed.user;
    let standing = account::standing(tx, user).await?.ok_or(ConfirmError::Stale)?;
    if standing.banned_until.is_some_and(|until| until > now) {
        return Err(ConfirmError::Banned);
    }
    if redeemed.purpose == Purpose::EmailChange {
        if standing.new_email.as_deref() != Some(redeemed.email.as_str()) {
            return Err(ConfirmError::Stale);
        }
        if account::address_is_taken(tx, &redeemed.email).await? {
            return Err(ConfirmError::Taken);
        }
        account::move_address(tx, user, &redeemed.email, now).await.map_err(|error| match error.constraint() {
            Some("users_email_key") => ConfirmError::Taken,
            _ => ConfirmError::Db(error),
        })?;
        notify(tx, user, &standing.email, Notice::AddressChanged, now).await?;
        record(tx, user, "person.email_changed", &json!({}), client, now).await?;
        join_by_address(tx, user, &redeemed.email, now).await?;
        return Ok(Method::EmailChange);
    }
    if standing.email != redeemed.email {
        return Err(ConfirmError::Stale);
    }
    if !standing.confirmed {
        // Whatever opened the account until now was put there by somebody who had not proved the address: an
        // organisation's own provider can say any, and passkeys, factors and links of that time would open what
        // the account comes to later.
        account::forget_unproved(tx, user, now).await?;
        session::end(tx, user, Ending::All, client, now).await?;
        // The password, too, unless it is that of the sign-up whose own letter this is, and nobody else's.
        if standing.has_password && (redeemed.purpose != Purpose::Signup || account::was_made_for_them(tx, user).await?) {
            account::set_password(tx, user, None, now).await?;
        }
        account::confirm_address(tx, user, now).await?;
        record(tx, user, "person.email_confirmed", &json!({ "by": redeemed.purpose.as_str() }), client, now).await?;
        join_by_address(tx, user, &redeemed.email, now).await?;
    }
    Ok(match redeemed.purpose {
        Purpose::Signup => Method::EmailSignup,
        Purpose::MagicLink => Method::MagicLink,
        Purpose::Recovery => Method::Recovery,
        Purpose::Invite => Method::Invite,
        Purpose::EmailChange => Method::EmailChange,
        Purpose::Reauthentication => Method::Otp,
    })
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        match error {
            ConfirmError::Stale | ConfirmError::Taken => Self::conflict(error.to_string()),
            ConfirmError::Banned => Self::forbidden(error.to_string()),
            ConfirmError::Db(error) => error.into(),
        }
    }
}
