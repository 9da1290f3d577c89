use db::DbError;
use http::HeaderMap;
use http_kit::App;

use crate::{
    Client, Engine, cookie,
    session::{self, Ending},
    store,
};

/// Ends the session that the request carries, if it carries one.
pub(crate) async fn log_out(app: &App, headers: &HeaderMap, client: &Client) -> Result<(), DbError> {
    let Some(token) = cookie::presented(headers, &app.config) else { return Ok(()) };
    let tx = app.db.system().await?;
    let Some((session, user)) = store::session_of(&tx, &token).await? else { return Ok(()) };
    session::end(&tx, user, Ending::One(session), client, app.clock.now()).await?;
    tx.commit().await?;
    if let Ok(engine) = Engine::of(app) {
        engine.forget_person(user);
    }
    Ok(())
}
