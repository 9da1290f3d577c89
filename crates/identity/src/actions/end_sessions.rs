use http_kit::{App, Problem};
use kernel::{SessionId, UserId};

use crate::{
    Client, Engine,
    session::{self, Ending},
};

/// Ends one of a person's own sessions; another's is not found.
pub(crate) async fn end_one(app: &App, user: UserId, id: SessionId, client: &Client) -> Result<(), Problem> {
    match end(app, user, Ending::One(id), client).await? {
        0 => Err(Problem::not_found()),
        _ => Ok(()),
    }
}

/// Ends all of a person's sessions but this one; says how many.
pub(crate) async fn end_others(app: &App, user: UserId, this: SessionId, client: &Client) -> Result<u64, Problem> {
    end(app, user, Ending::Others(this), client).await
}

async fn end(app: &App, user: UserId, ending: Ending, client: &Client) -> Result<u64, Problem> {
    let tx = app.db.system().await?;
    let ended = session::end(&tx, user, ending, client, app.clock.now()).await?;
    tx.commit().await?;
    // Other nodes hear of it; this one must not answer its next request from memory.
    Engine::of(app)?.forget_person(user);
    Ok(ended)
}
