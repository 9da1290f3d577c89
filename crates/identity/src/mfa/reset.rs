use db::DbError;
use http_kit::App;
use kernel::{Actor, UserId};

use super::{remove_factor, store};
use crate::{
    Client,
    session::{self, Ending},
};

/// What [`reset`] ended.
#[derive(Debug, Clone, Copy)]
pub struct Reset {
    pub user: UserId,
    pub factors: usize,
    pub sessions: u64,
}

/// Removes every second factor and recovery code of whoever has this address, and ends their sessions: for
/// somebody who has lost all of it and proved to the operator who they are. `None`: nobody has the address.
pub async fn reset(app: &App, email: &str, client: &Client) -> Result<Option<Reset>, DbError> {
    let now = app.clock.now();
    let tx = app.db.system().await?;
    let Some(user) = store::user_of(&tx, &email.trim().to_lowercase()).await? else { return Ok(None) };
    let factors = store::factors(&app.db, user).await?;
    for factor in &factors {
        remove_factor(&tx, Actor::System, user, factor.id, client, now).await?;
    }
    store::delete_recovery_codes(&tx, user).await?;
    let sessions = session::end_by(&tx, Actor::System, user, Ending::All, client, now).await?;
    tx.commit().await?;
    Ok(Some(Reset { user, factors: factors.len(), sessions }))
}
