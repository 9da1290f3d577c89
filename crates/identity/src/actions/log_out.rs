use db::DbError;
use http::HeaderMap;
use http_kit::App;

use crate::{cookie, store};

/// Ends the session that the request carries, if it carries one.
pub(crate) async fn log_out(app: &App, headers: &HeaderMap) -> Result<(), DbError> {
    match cookie::presented(headers, &app.config) {
        Some(token) => store::delete_session(&app.db, &token).await,
        None => Ok(()),
    }
}
