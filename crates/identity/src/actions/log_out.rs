use db::DbError;
use http::HeaderMap;
use http_kit::App;

use crate::{
    Client, cookie,
    session::{self, Ending},
    store,
};

/// Ends the session that the request carries, if it carries one.
pub(crate) async fn log_out(app: &App, headers: &HeaderMap, client: &Client) -> Result<(), DbError> {
    let Some(token) = cookie::presented(headers, &app.config) else { return Ok(()) };
    let tx = app.db.system().await?;
    if let Some((session, user)) = store::session_of(&tx, &token).await? {
        session::end(&tx, user, Ending::One(session), client, app.clock.now()).await?;
    }
    tx.commit().await
}
