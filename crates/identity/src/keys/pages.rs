use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use http_kit::{Answer, ApiPath, App, Flash, PageForm, Problem, ProblemKind, Routes, redirect};
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use kernel::ApiKeyId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Tone, table};

use super::{ApiKey, draft::NewKey, make::make_key, revoke::revoke_key, store};
use crate::{ADMIN_SCOPE, Can, KeysWrite, Permission, Permissions, Viewer, scopes};

/// This slice's pages.
pub(crate) fn pages() -> Routes {
    Routes::new().get("/settings/keys", show).post("/settings/keys", make).post("/settings/keys/{id}/revoke", revoke)
}

/// The form as it was sent.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
struct KeyForm {
    name: String,
    scope: Vec<String>,
    /// Days, `never`, or `date` for the one in `until`.
    expiry: String,
    until: String,
    /// One a line.
    addresses: String,
}

/// A form of a button alone.
#[derive(Debug, Deserialize)]
struct Nothing {}

/// What the page shows besides the list.
#[derive(Default)]
struct Extra<'a> {
    /// The key just made, and its name.
    made: Option<(&'a str, &'a str)>,
    refused: Option<(&'a KeyForm, &'a Problem)>,
}

async fn show(State(app): State<App>, viewer: Can<KeysWrite>) -> Result<Markup, Problem> {
    render(&app, &viewer, &Extra::default()).await
}

async fn make(State(app): State<App>, viewer: Can<KeysWrite>, form: PageForm<KeyForm>) -> Result<Response, Problem> {
    viewer.require_fresh(&app)?;
    let idempotency = form.idempotency.by(viewer.actor());
    let now = app.clock.now();
    let tx = app.db.tenant(&viewer.scope).await?;
    if idempotency.begin(&tx, now).await?.is_some() {
        let flash = Flash::error("This key was made already, and a key is shown once. If it got lost, revoke it and make another.");
        return Ok(redirect("/settings/keys", Some(flash)));
    }
    let made = match form.value.read(now) {
        Ok(new) => make_key(&tx, &app, &viewer, new, now).await,
        Err(problem) => Err(problem),
    };
    match made {
        Ok(made) => {
            idempotency.finish(tx, Answer::see_other("/settings/keys")).await?;
            // Not a redirect: the key would have to wait somewhere for the next request.
            let extra = Extra { made: Some((&made.secret, &made.key.name)), ..Extra::default() };
            let mut response = render(&app, &viewer, &extra).await?.into_response();
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            Ok(response)
        }
        Err(problem) if problem.kind == ProblemKind::Invalid => {
            drop(tx);
            let extra = Extra { refused: Some((&form.value, &problem)), ..Extra::default() };
            Ok((StatusCode::UNPROCESSABLE_ENTITY, render(&app, &viewer, &extra).await?).into_response())
        }
        Err(problem) => Err(problem),
    }
}

async fn revoke(
    State(app): State<App>,
    viewer: Can<KeysWrite>,
    ApiPath(id): ApiPath<ApiKeyId>,
    _: PageForm<Nothing>,
) -> Result<Response, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let name = revoke_key(&tx, &app, &viewer, id, app.clock.now()).await?;
    tx.commit().await?;
    Ok(redirect("/settings/keys", Some(Flash::success(format!("“{name}” is revoked and works nowhere any more.")))))
}

impl KeyForm {
    fn read(&self, now: Timestamp) -> Result<NewKey, Problem> {
        let wrong = |detail: &str| Problem::field("/expires_at", "expires_at.invalid", detail);
        let expires_at = match self.expiry.as_str() {
            "never" => None,
            "date" => {
                let date: Date = self.until.parse().map_err(|_| wrong("Choose the last day on which the key works"))?;
                let end = date.tomorrow().and_then(|next| next.to_zoned(TimeZone::UTC)).map_err(|_| wrong("This day is too far away"))?;
                Some(end.timestamp())
            }
            days => {
                let days: i64 =
                    days.parse().ok().filter(|days| (1..=3650).contains(days)).ok_or_else(|| wrong("Choose how long the key works"))?;
                Some(now.checked_add(SignedDuration::from_hours(24 * days)).map_err(|_| wrong("This day is too far away"))?)
            }
        };
        let addresses = self.addresses.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Ok(NewKey { name: self.name.clone(), scopes: self.scope.clone(), expires_at, addresses })
    }
}

async fn render(app: &App, viewer: &Viewer, extra: &Extra<'_>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let keys = store::list(&tx).await?;
    tx.commit().await?;
    let now = app.clock.now();
    let content = html! {
        (ui::page_header("API keys", "Keys let programs work here in your name, within the scopes you choose.", html! { (Button::secondary("API reference").icon(Icon::Document).href("/docs")) }))
        (ui::stack(html! {
            @if let Some((secret, name)) = extra.made { (made_card(secret, name)) }
            @if keys.is_empty() {
                (ui::empty_state(Icon::Key, "No keys yet", "Make one for each program, so that each can be revoked alone.", html! {}))
            } @else {
                (ui::card_flush("Keys", html! {}, grid(&keys, now)))
            }
            (ui::card("Make a key", html! {}, form(viewer.place().permissions, extra.refused)))
        }))
    };
    Ok(viewer.page(Nav::Keys, "API keys", content))
}

fn made_card(secret: &str, name: &str) -> Markup {
    ui::notice_with(
        Tone::Success,
        html! {
            p { strong { "“" (name) "” is ready." } " Copy the key now: it is shown this once, and we keep only its hash." }
            p.secret { code tabindex="0" { (secret) } }
        },
        html! { (Button::secondary("Copy").small().icon(Icon::Document).plain().attr("data-copy", secret)) },
    )
}

fn grid(keys: &[ApiKey], now: Timestamp) -> Markup {
    table::wrap(
        "API keys",
        html! {
            table.table {
                thead { tr { (table::th("Name")) (table::th("May")) (table::th("From")) (table::th("Expires")) (table::th("Last used")) (table::th_actions()) } }
                tbody {
                    @for key in keys {
                        tr {
                            td.is-title data-label="Name" { (ui::person(&key.name, Some(&format!("{}… for {}", key.prefix, key.made_by_name)))) }
                            td.is-wrap data-label="May" { (ui::tags(&key.scopes, 3)) }
                            td data-label="From" { @if key.addresses.is_empty() { span.muted { "Everywhere" } } @else { (ui::tags(&key.addresses, 2)) } }
                            td data-label="Expires" {
                                @match key.expires_at {
                                    None => span.muted { "Never" },
                                    Some(at) if at <= now => (ui::status_dot(Tone::Danger, "Expired")),
                                    Some(at) => (ui::date(at)),
                                }
                            }
                            td data-label="Last used" {
                                @match key.last_used_at {
                                    None => span.muted { "Never" },
                                    Some(at) => { (ui::ago(at)) " " span.muted { "from " (key.last_used_from) } }
                                }
                            }
                            td.is-actions data-label="" {
                                form method="post" action={ "/settings/keys/" (key.id) "/revoke" } {
                                    (Button::ghost("Revoke").small().confirm(format!("Revoke “{}”? Programs that use it are refused at once. This cannot be undone.", key.name)))
                                }
                            }
                        }
                    }
                }
            }
        },
    )
}

fn form(own: Permissions, refused: Option<(&KeyForm, &Problem)>) -> Markup {
    let fresh = KeyForm { expiry: "90".to_owned(), scope: vec![Permission::LeadsRead.as_str().to_owned()], ..KeyForm::default() };
    let typed = refused.map_or(&fresh, |(typed, _)| typed);
    // Of a list, the errors name the entries; they are shown under the field as a whole.
    let error = |name: &str| {
        let problems = refused.into_iter().flat_map(|(_, problem)| &problem.errors);
        let own: Vec<&str> = problems
            .filter(|error| error.pointer.trim_start_matches('/').split('/').next() == Some(name))
            .map(|error| error.detail.as_str())
            .collect();
        (!own.is_empty()).then(|| own.join(". "))
    };
    let given = |scope: &str| typed.scope.iter().any(|chosen| chosen == scope);
    let expiries = [("30", "In 30 days"), ("90", "In 90 days"), ("365", "In a year"), ("date", "On a date"), ("never", "Never")];
    let admin = scopes(&[ADMIN_SCOPE.to_owned()]);
    html! {
        form.stack method="post" action="/settings/keys" {
            (Field::text("name", "Name").value(&typed.name).error(error("name")).required().autocomplete("off").attr("maxlength", "200")
                .hint("The program that will use it."))
            fieldset.scopes {
                legend.field-label { "It may" }
                @if let Some(error) = error("scopes") { p.field-error role="alert" { (error) } }
                div.scope-list {
                    @for permission in own.without(Permission::KeysWrite).iter() {
                        (scope(permission.as_str(), permission.label(), given(permission.as_str())))
                    }
                    @if admin.is_within(own) { (scope(ADMIN_SCOPE, "Everything, including permissions added later", given(ADMIN_SCOPE))) }
                }
            }
            (ui::field_grid(html! {
                (Field::select("expiry", "Expires", expiries).value(&typed.expiry).error(error("expires_at")))
                (Field::date("until", "Last day").value(&typed.until).hint("The key works until the end of it (UTC)."))
            }))
            (Field::textarea("addresses", "Allowed addresses", 3).value(&typed.addresses).error(error("addresses"))
                .hint("One a line, such as 203.0.113.0/24. Empty: from everywhere."))
            (ui::form_actions(html! { (Button::primary("Make key").icon(Icon::Plus)) }))
        }
    }
}

fn scope(word: &str, label: &str, checked: bool) -> Markup {
    html! { (Field::checkbox("scope", label).id(format!("scope-{}", word.replace(':', "-"))).value(word).checked(checked).hint(html! { code { (word) } })) }
}
