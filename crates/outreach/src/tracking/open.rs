use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use db::{DbError, Scope};
use http::{HeaderMap, Method, header};
use http_kit::App;

use super::machine::is_machine;
use crate::{
    sending::token::{Purpose, Token},
    store,
};

/// A transparent GIF of one pixel.
const PIXEL: &[u8] = b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;";

/// `GET /t/o/{token}.gif`: the image in a mail was displayed. The image comes whatever is wrong.
pub(super) async fn open(State(app): State<App>, method: Method, headers: HeaderMap, Path(token): Path<String>) -> Response {
    let text = token.strip_suffix(".gif").unwrap_or(&token);
    if let Some(token) = Token::verify(text, Purpose::Open, &app.config.secret)
        && let Err(error) = note(&app, &token, is_machine(&method, &headers)).await
    {
        tracing::warn!(%error, "an opening could not be noted");
    }
    // Other sites may show it: that is what it is for.
    (
        [
            (header::CONTENT_TYPE, "image/gif"),
            (header::CACHE_CONTROL, "no-store"),
            (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        ],
        PIXEL,
    )
        .into_response()
}

async fn note(app: &App, token: &Token, machine: bool) -> Result<(), DbError> {
    let tx = app.db.tenant(&Scope::whole(token.org)).await?;
    store::tracking::opened(&tx, token.send, machine, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(())
}
