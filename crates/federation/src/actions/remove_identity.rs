use db::DbError;
use http_kit::{App, Problem};
use identity::{Person, record};
use kernel::Uuid;

use crate::store::people;

/// Why a way in stays.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RemoveIdentityError {
    #[error("This is the only way into your account. Set a password, or connect another, and then remove it.")]
    Last,
    #[error("there is no such identity")]
    NotFound,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Takes one way in away from somebody's own account, unless it is the last.
pub(crate) async fn remove_identity(app: &App, person: &Person, id: Uuid) -> Result<(), RemoveIdentityError> {
    let user = person.principal.user;
    let tx = app.db.system().await?;
    let others = people::other_ways_in(&tx, user, id).await?;
    let provider = people::delete_identity(&tx, user, id).await?.ok_or(RemoveIdentityError::NotFound)?;
    if others == 0 {
        return Err(RemoveIdentityError::Last);
    }
    let kind = if provider.starts_with("sso:") { "sso" } else { provider.as_str() };
    record(&tx, user, "identity.removed", &people::facts(kind), &person.client, app.clock.now()).await?;
    Ok(tx.commit().await?)
}

impl From<RemoveIdentityError> for Problem {
    fn from(error: RemoveIdentityError) -> Self {
        match error {
            RemoveIdentityError::Last => Self::conflict(error.to_string()),
            RemoveIdentityError::NotFound => Self::not_found(),
            RemoveIdentityError::Db(error) => error.into(),
        }
    }
}
