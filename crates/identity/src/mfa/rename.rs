use http_kit::{App, Problem};
use kernel::{FactorId, UserId};

use super::{EnrolError, model::checked_name, store};

/// Gives a factor of `user` another name.
pub(crate) async fn rename(app: &App, user: UserId, factor: FactorId, name: &str) -> Result<(), Problem> {
    let name = checked_name(name).map_err(EnrolError::Name)?;
    let tx = app.db.system().await?;
    let renamed = store::rename(&tx, user, factor, &name, app.clock.now()).await.map_err(|error| match error.constraint() {
        Some("mfa_factors_name") => EnrolError::NameConflict(name.clone()).into(),
        _ => Problem::from(error),
    })?;
    if !renamed {
        return Err(Problem::not_found());
    }
    Ok(tx.commit().await?)
}
