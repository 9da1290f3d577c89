use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use db::Scope;
use http_kit::{App, Chrome, Problem};
use maud::{Markup, html};
use ui::Button;

use crate::{
    actions,
    model::SuppressionSource,
    sending::token::{Purpose, Token},
    store,
};

/// What a preview's link carries instead of a token.
const PREVIEW: &str = "preview";

fn verified(app: &App, token: &str) -> Result<Token, Problem> {
    Token::verify(token, Purpose::Unsubscribe, &app.config.secret).ok_or_else(Problem::not_found)
}

/// `GET /u/{token}`: asks, and does nothing: programs follow links.
pub(super) async fn show(State(app): State<App>, chrome: Chrome, Path(text): Path<String>) -> Result<Markup, Problem> {
    if text == PREVIEW {
        return Ok(
            chrome.bare("Unsubscribe", words("This is a preview", "In the real mail, this link unsubscribes its recipient.", html! {}))
        );
    }
    let token = verified(&app, &text)?;
    let tx = app.db.tenant(&Scope::whole(token.org)).await?;
    let organisation = identity::organisation(&tx).await?.name;
    let address = store::tracking::origin(&tx, token.send).await?.map(|origin| origin.email);
    let suppressed = match &address {
        Some(address) => store::suppressions::find(&tx, address).await?.is_some(),
        // The lead was deleted, and nobody will write to it again.
        None => true,
    };
    tx.commit().await?;
    if suppressed {
        return Ok(chrome.bare("Unsubscribed", done(&organisation, &text, address.is_some())));
    }
    let address = address.unwrap_or_default();
    let content = words(
        "Unsubscribe",
        &format!("{organisation} will not write to {address} any more."),
        html! { form method="post" action={ "/u/" (text) } { (Button::primary("Unsubscribe")) } },
    );
    Ok(chrome.bare("Unsubscribe", content))
}

/// `POST /u/{token}`: at once, without cookies, for the button and for mail programs (RFC 8058).
pub(super) async fn unsubscribe(
    State(app): State<App>,
    chrome: Chrome,
    Path(text): Path<String>,
    body: Bytes,
) -> Result<Response, Problem> {
    let token = verified(&app, &text)?;
    let one_click = body.windows(9).any(|part| part.eq_ignore_ascii_case(b"One-Click"));
    let source = if one_click { SuppressionSource::OneClick } else { SuppressionSource::Link };
    let tx = app.db.tenant(&Scope::whole(token.org)).await?;
    let organisation = identity::organisation(&tx).await?.name;
    let known = actions::unsubscribe(&tx, token.send, source, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(chrome.bare("Unsubscribed", done(&organisation, &text, known)).into_response())
}

/// `POST /u/{token}/undo`: it was a mistake.
pub(super) async fn undo(State(app): State<App>, chrome: Chrome, Path(text): Path<String>) -> Result<Response, Problem> {
    let token = verified(&app, &text)?;
    let tx = app.db.tenant(&Scope::whole(token.org)).await?;
    let organisation = identity::organisation(&tx).await?.name;
    actions::resubscribe(&tx, token.send, app.clock.now()).await?;
    let still = match store::tracking::origin(&tx, token.send).await? {
        Some(origin) => store::suppressions::find(&tx, &origin.email).await?.is_some(),
        None => true,
    };
    tx.commit().await?;
    app.feed.nudge();
    let content = if still {
        // A bounce or a complaint is on record as well.
        words("Not changed", &format!("{organisation} cannot write to this address. Please contact them directly."), html! {})
    } else {
        words(
            "Welcome back",
            &format!("{organisation} may write to you again."),
            html! { form method="post" action={ "/u/" (text) } { (Button::secondary("Unsubscribe after all")) } },
        )
    };
    Ok(chrome.bare("Subscription", content).into_response())
}

fn done(organisation: &str, token: &str, undoable: bool) -> Markup {
    words(
        "You are unsubscribed",
        &format!("{organisation} will not write to you any more. This took effect at once."),
        html! {
            @if undoable {
                form method="post" action={ "/u/" (token) "/undo" } { (Button::secondary("That was a mistake: subscribe me again")) }
            }
        },
    )
}

fn words(title: &str, text: &str, action: Markup) -> Markup {
    html! {
        h1 { (title) }
        p { (text) }
        (action)
    }
}
