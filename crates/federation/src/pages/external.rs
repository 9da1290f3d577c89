//! External mode: a hosted Supabase Auth signs people in, so our own doors are closed and say so.

use axum::{
    extract::{FromRequestParts, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_kit::{ApiQuery, App, Chrome, PageForm, Problem, redirect};
use identity::{Client, external, gate};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field};
use url::Url;

use super::{leave::throttle, with_provider::Onward};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Presented {
    access_token: String,
    next: String,
}

/// Closes what signs people in by ourselves, where somebody else does. The Auth API's own gateway closes that.
pub async fn layer(State(app): State<App>, request: Request, next: Next) -> Response {
    if !app.config.auth.is_external() {
        return next.run(request).await;
    }
    let path = request.uri().path();
    let hosted = app.config.auth.supabase_url.as_ref().map_or("a hosted Supabase Auth", Url::as_str);
    let is_ours = path == "/login/external" || path == "/login/factor" || path == "/login/confirm";
    let is_door = path == "/login" || path.starts_with("/login/") || path == "/signup" || path.starts_with("/signup/");
    if is_ours || !is_door {
        return next.run(request).await;
    }
    if request.method() != Method::GET {
        return Problem::forbidden("People of this server sign in elsewhere: open the sign-in page to see where.").into_response();
    }
    if path != "/login" {
        return redirect("/login", None);
    }
    let (mut parts, _) = request.into_parts();
    let Ok(chrome) = Chrome::from_request_parts(&mut parts, &app).await;
    let ApiQuery(onward) = ApiQuery::<Onward>::from_request_parts(&mut parts, &app).await.unwrap_or(ApiQuery(Onward::default()));
    chrome.bare("Sign in", page(hosted, gate::own_path(&onward.next), None)).into_response()
}

/// `POST /login/external`: an access token, from the page that has it, for a session of our pages. From our own origin and
/// from those of `LEADLINE_REDIRECT_URLS` only: a stranger's page could sign its visitors in as the stranger.
pub(super) async fn open(
    State(app): State<App>,
    client: Client,
    chrome: Chrome,
    headers: HeaderMap,
    form: PageForm<Presented>,
) -> Result<Response, Problem> {
    if !app.config.auth.is_external() {
        return Err(Problem::not_found());
    }
    throttle(&app, &client).await?;
    if !is_trusted(&app, headers.get(header::ORIGIN)) {
        return Err(Problem::forbidden(
            "This request came from a website that this server does not know. Who runs it can add that site to LEADLINE_REDIRECT_URLS.",
        ));
    }
    let next = gate::own_path(&form.value.next);
    match external::open_session(&app, form.value.access_token.trim(), &client, redirect(next, None)).await {
        Ok(response) => Ok(response),
        Err(problem) if problem.kind == http_kit::ProblemKind::Unauthorized => {
            let hosted = app.config.auth.supabase_url.as_ref().map_or("a hosted Supabase Auth", Url::as_str);
            let why = "This access token is not one of the project's, or has expired: sign in there again".to_owned();
            Ok((StatusCode::UNPROCESSABLE_ENTITY, chrome.bare("Sign in", page(hosted, next, Some(why)))).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// Whether the page that sends this is ours, or one that the settings name. A browser says so of every POST.
fn is_trusted(app: &App, origin: Option<&HeaderValue>) -> bool {
    let Some(origin) = origin.and_then(|origin| origin.to_str().ok()) else { return false };
    let listed = app.config.auth.redirect_allow.iter().filter_map(|allowed| Url::parse(allowed.trim_end_matches("**")).ok());
    std::iter::once(app.config.public_url.clone())
        .chain(listed)
        .any(|url| url.origin().is_tuple() && url.origin().ascii_serialization() == origin)
}

fn page(hosted: &str, next: &str, problem: Option<String>) -> Markup {
    html! {
        h1 { "Sign in" }
        p { "This server does not keep passwords. Its people sign in at " strong { (hosted) } ", in the application that uses it, and come from there." }
        p.muted { "That application opens Leadline by posting the access token of supabase-js to " code { "/login/external" } ". You can also paste one here; it opens this browser for twelve hours." }
        form.stack method="post" action="/login/external" {
            (ui::hidden("next", next))
            (Field::textarea("access_token", "Access token", 4).error(problem).autocomplete("off").attr("spellcheck", "false").required())
            (Button::primary("Open Leadline"))
        }
    }
}
