use db::{DbError, SystemTx};
use http_kit::{App, Problem};
use identity::{Client, gate, join_by_address, record};
use jiff::Timestamp;
use kernel::UserId;
use serde_json::json;

use crate::{profile::Profile, provider::ProviderKey, store::people};

/// Why somebody whom a provider of the installation knows does not get in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AdmitError {
    #[error("{0} did not tell your e-mail address. Allow it to, or sign in another way.")]
    NoAddress(String),
    /// An address that is only claimed opens nothing, and is nobody's yet.
    #[error("{0} has not confirmed that your e-mail address is yours. Confirm it there, or sign in another way.")]
    Unverified(String),
    #[error("This account is suspended. Ask the person who runs this server.")]
    Banned,
    #[error("Nobody can sign up here by themselves. Ask the person who invited you, or who runs this server.")]
    Closed,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Finds the person behind a profile that the installation's own provider vouches for, or makes them.
///
/// A known identity is its person. An unknown one becomes that of the account with its address only if the
/// provider has verified the address. If nobody had proved the address here, whatever opened the account until
/// now is taken out of it: somebody may have signed up with a stranger's address and waited.
pub(crate) async fn admit(
    app: &App,
    tx: &SystemTx,
    key: ProviderKey,
    label: &str,
    profile: &Profile,
    client: &Client,
    now: Timestamp,
) -> Result<UserId, AdmitError> {
    let (provider, data) = (key.to_string(), profile.identity_data());
    people::lock(tx, &provider, &profile.subject).await?;
    if let Some(known) = people::by_identity(tx, &provider, &profile.subject).await? {
        refuse_banned(known.banned_until, now)?;
        people::touch_identity(tx, &provider, &profile.subject, &data, now).await?;
        return Ok(known.user);
    }
    let email = profile.email.as_ref().ok_or_else(|| AdmitError::NoAddress(label.to_owned()))?;
    if !profile.email_verified {
        return Err(AdmitError::Unverified(label.to_owned()));
    }
    let user = match people::by_email(tx, email).await? {
        Some(holder) => {
            refuse_banned(holder.banned_until, now)?;
            if !holder.confirmed {
                people::take_over(tx, holder.user, now).await?;
                record(tx, holder.user, "person.email_confirmed", &json!({ "by": provider }), client, now).await?;
            }
            holder.user
        }
        None => {
            if !gate::sign_up_is_open(app).await? && !people::is_expected(tx, email, now).await? {
                return Err(AdmitError::Closed);
            }
            people::insert_person(tx, email, &profile.name, true, &data, now).await?
        }
    };
    people::insert_identity(tx, user, &provider, &profile.subject, &data, now).await?;
    record(tx, user, "identity.linked", &people::facts(&provider), client, now).await?;
    join_by_address(tx, user, email.as_str(), now).await?;
    Ok(user)
}

fn refuse_banned(until: Option<Timestamp>, now: Timestamp) -> Result<(), AdmitError> {
    if until.is_some_and(|until| until > now) { Err(AdmitError::Banned) } else { Ok(()) }
}

impl From<AdmitError> for Problem {
    fn from(error: AdmitError) -> Self {
        match error {
            AdmitError::Db(error) => error.into(),
            other => Self::forbidden(other.to_string()),
        }
    }
}
