use axum::{extract::State, response::Response};
use http::{HeaderMap, header};
use http_kit::{ApiPath, ApiQuery, App, Problem};
use identity::{Client, gate};
use serde::Deserialize;

use super::leave::{found, refused, throttle};
use crate::{
    cookie,
    provider::{Provider, ProviderKey},
    visit::{self, NewVisit},
};

/// Where to go afterwards.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Onward {
    pub(super) next: String,
}

/// `GET /login/with/{provider}`: the button on the sign-in page.
pub(super) async fn leave(
    State(app): State<App>,
    client: Client,
    headers: HeaderMap,
    ApiPath(name): ApiPath<String>,
    ApiQuery(onward): ApiQuery<Onward>,
) -> Result<Response, Problem> {
    throttle(&app, &client).await?;
    let key = name.parse::<ProviderKey>().map_err(|_| Problem::not_found())?;
    // An organisation's own has a page of its own.
    let provider = Provider::find(&app, key).await?.filter(|provider| provider.home.is_none()).ok_or_else(Problem::not_found)?;
    let mark = cookie::mark(&headers, &app.config);
    let visit = NewVisit { browser: Some(&mark), redirect_to: gate::own_path(&onward.next), ..NewVisit::default() };
    let to = visit::begin(&app, &provider, visit).await.map_err(|error| refused(&provider, error))?;
    let mut response = found(&to);
    response.headers_mut().append(header::SET_COOKIE, cookie::set(&mark, &app.config));
    Ok(response)
}
