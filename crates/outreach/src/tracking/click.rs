use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use db::{DbError, Scope};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_kit::{App, Problem};

use super::machine::is_machine;
use crate::{
    sending::token::{Purpose, Token},
    store,
};

/// `GET /t/c/{token}`: on to the link's target, which the signed token holds, so that nobody can make us
/// send people elsewhere.
pub(super) async fn click(
    State(app): State<App>,
    method: Method,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Result<Response, Problem> {
    let token = Token::verify(&token, Purpose::Click, &app.config.secret).ok_or_else(Problem::not_found)?;
    let target = HeaderValue::from_str(&ascii(&token.url)).map_err(|_| Problem::not_found())?;
    if let Err(error) = note(&app, &token, is_machine(&method, &headers)).await {
        tracing::warn!(%error, "a click could not be noted");
    }
    Ok((StatusCode::FOUND, [(header::LOCATION, target), (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"))])
        .into_response())
}

async fn note(app: &App, token: &Token, machine: bool) -> Result<(), DbError> {
    let tx = app.db.tenant(&Scope::whole(token.org)).await?;
    store::tracking::clicked(&tx, token.send, &token.url, machine, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(())
}

/// A header holds ASCII; other characters of an address are percent-encoded, which changes nothing else.
fn ascii(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_kept_but_for_what_a_header_cannot_hold() {
        assert_eq!(ascii("https://a.example/?q=1&b=%20#x"), "https://a.example/?q=1&b=%20#x");
        assert_eq!(ascii("https://a.example/ü y\r\n"), "https://a.example/%C3%BC%20y%0D%0A");
    }
}
