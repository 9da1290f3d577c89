//! An organisation's own way in: found by a work address, or by the link that it gives its people.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use http_kit::{ApiPath, ApiQuery, App, Chrome, PageForm, Problem};
use identity::{Client, Person, gate};
use kernel::{ConnectionId, EmailAddress};
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Tone};
use url::form_urlencoded::Serializer;

use super::{
    leave::{found, onward, refused, throttle},
    with_provider::Onward,
};
use crate::{
    cookie,
    provider::{Provider, ProviderKey},
    store::connections,
    visit::{self, NewVisit},
};

/// (which, what it is called, whose)
type Door = (ConnectionId, String, String);

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct WorkAddress {
    email: String,
    next: String,
}

/// `GET /login/sso`: also where somebody is sent whose organisation demands its own provider.
pub(super) async fn show(
    State(app): State<App>,
    chrome: Chrome,
    person: Result<Person, Problem>,
    ApiQuery(onward): ApiQuery<Onward>,
) -> Result<Markup, Problem> {
    let next = gate::own_path(&onward.next);
    let place = person.ok().and_then(|person| person.principal.place.clone());
    let doors = match &place {
        Some(place) => connections::of_organisation(&app.db, place.org).await?,
        None => Vec::new(),
    };
    let demanded = place.filter(|place| place.sso_required && !doors.is_empty());
    let content = match demanded {
        Some(place) => html! {
            h1 { "Sign in to " (place.org_name) }
            (ui::notice(Tone::Info, html! {
                (place.org_name) " wants its people to come through its own identity provider. You are signed in another way, so its pages stay closed until you do."
            }))
            (choice(&doors, next))
            p.muted { "Your other organisations and your account stay as they are: " a href="/account" { "go to your account" } "." }
        },
        None => form("", next, None),
    };
    Ok(chrome.bare("Single sign-on", content))
}

/// `POST /login/sso`: the door of the typed address's domain.
pub(super) async fn find(
    State(app): State<App>,
    client: Client,
    chrome: Chrome,
    typed: PageForm<WorkAddress>,
) -> Result<Response, Problem> {
    throttle(&app, &client).await?;
    let WorkAddress { email, next } = typed.value;
    let next = gate::own_path(&next);
    let refuse =
        |why: String| (StatusCode::UNPROCESSABLE_ENTITY, chrome.bare("Single sign-on", form(&email, next, Some(why)))).into_response();
    let address = match EmailAddress::parse(&email) {
        Ok(address) => address,
        Err(why) => return Ok(refuse(format!("This {why}"))),
    };
    let doors = connections::of_domain(&app.db, address.domain()).await?;
    Ok(match doors.as_slice() {
        [] => refuse(format!(
            "No organisation here signs in people of {} through a provider of its own. Sign in with your password, or ask your administrator for the link.",
            address.domain()
        )),
        [(id, label, _)] => onward(&chrome, label, &door(*id, next)),
        _ => {
            let content = html! { h1 { "Which organisation?" } (choice(&doors, next)) };
            chrome.bare("Single sign-on", content).into_response()
        }
    })
}

/// `GET /login/sso/{connection}`: the link that an organisation can give its people.
pub(super) async fn leave(
    State(app): State<App>,
    client: Client,
    chrome: Chrome,
    headers: HeaderMap,
    ApiPath(id): ApiPath<ConnectionId>,
    ApiQuery(onward): ApiQuery<Onward>,
) -> Result<Response, Problem> {
    throttle(&app, &client).await?;
    let provider = Provider::find(&app, ProviderKey::Connection(id)).await?.ok_or_else(Problem::not_found)?;
    if is_sent_by_another_site(&headers) {
        return Ok(ask_first(&chrome, &provider, &door(id, gate::own_path(&onward.next))));
    }
    let mark = cookie::mark(&headers, &app.config);
    let visit = NewVisit { browser: Some(&mark), redirect_to: gate::own_path(&onward.next), ..NewVisit::default() };
    let to = visit::begin(&app, &provider, visit).await.map_err(|error| refused(&provider, error))?;
    let mut response = found(&to);
    response.headers_mut().append(header::SET_COOKIE, cookie::set(&mark, &app.config));
    Ok(response)
}

/// An organisation's provider answers as it likes and without asking anybody: a website that opens this
/// door in its visitors' browsers would sign them in as somebody of its own (login CSRF). So they are asked.
fn is_sent_by_another_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site")
}

fn ask_first(chrome: &Chrome, provider: &Provider, door: &str) -> Response {
    let organisation = provider.home.as_ref().map(|home| home.org_name.as_str()).unwrap_or_default();
    let content = html! {
        h1 { "Sign in to " (organisation) }
        p { "Another website has brought you here. Go on only if you work with " strong { (organisation) } ": whoever is signed in on this browser will be signed out." }
        (Button::primary(format!("Continue with {}", provider.label)).href(door))
        p.muted { a href="/" { "Do not sign in" } }
    };
    chrome.bare("Single sign-on", content).into_response()
}

fn door(id: ConnectionId, next: &str) -> String {
    format!("/login/sso/{id}?{}", Serializer::new(String::new()).append_pair("next", next).finish())
}

fn choice(doors: &[Door], next: &str) -> Markup {
    html! {
        div.stack {
            @for (id, label, organisation) in doors {
                (Button::secondary(format!("{organisation}: continue with {label}")).icon(Icon::Key).href(door(*id, next)))
            }
        }
    }
}

fn form(email: &str, next: &str, problem: Option<String>) -> Markup {
    html! {
        h1 { "Single sign-on" }
        p.muted { "If your organisation has an identity provider of its own, your work address leads you there." }
        form.stack method="post" action="/login/sso" {
            (ui::hidden("next", next))
            (Field::email("email", "Work address").value(email).error(problem).autocomplete("username").required().autofocus())
            (Button::primary("Continue"))
        }
        p.muted { a href="/login" { "Sign in another way" } }
    }
}
