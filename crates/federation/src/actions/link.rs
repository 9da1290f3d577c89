use db::{DbError, SystemTx};
use http_kit::Problem;
use identity::{Client, record};
use jiff::Timestamp;
use kernel::UserId;

use crate::{profile::Profile, provider::Provider, store::people};

/// Why an identity was not added to an account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    #[error("This account at {0} already signs in somebody else here. Remove it there first.")]
    SomebodyElse(String),
    #[error("Only people of {0} can connect its identity provider.")]
    NoMember(String),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Adds a way in to the account of somebody who is signed in. Addresses are not compared: they have proved
/// to be both.
pub(crate) async fn link(
    tx: &SystemTx,
    provider: &Provider,
    user: UserId,
    profile: &Profile,
    client: &Client,
    now: Timestamp,
) -> Result<(), LinkError> {
    let (key, data) = (provider.key.to_string(), profile.identity_data());
    people::lock(tx, &key, &profile.subject).await?;
    if let Some(home) = &provider.home
        && people::role_in(tx, home.org, user).await?.is_none()
    {
        return Err(LinkError::NoMember(home.org_name.clone()));
    }
    match people::by_identity(tx, &key, &profile.subject).await? {
        Some(known) if known.user == user => Ok(people::touch_identity(tx, &key, &profile.subject, &data, now).await?),
        Some(_) => Err(LinkError::SomebodyElse(provider.label.clone())),
        None => {
            people::insert_identity(tx, user, &key, &profile.subject, &data, now).await?;
            let kind = if provider.home.is_some() { "sso" } else { &key };
            Ok(record(tx, user, "identity.linked", &people::facts(kind), client, now).await?)
        }
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Db(error) => error.into(),
            other => Self::conflict(other.to_string()),
        }
    }
}
