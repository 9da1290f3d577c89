//! `/settings/security`: an organisation's identity providers.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::StatusCode;
use http_kit::{ApiPath, ApiQuery, App, Flash, PageForm, Problem, ProblemKind, redirect};
use identity::{Can, SecurityWrite, gate};
use kernel::ConnectionId;
use maud::{Markup, html};
use serde::Deserialize;
use ui::{Button, Field, Icon, Nav, Tone};

use crate::{
    actions::{
        enforce_connection::enforce_connection,
        inspect_connection::inspect_connection,
        remove_connection::remove_connection,
        save_connection::{TypedConnection, save_connection},
    },
    store::connections::{self, Connection},
    visit::CALLBACK,
};

const HERE: &str = "/settings/security";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    /// The connection whose form is open.
    edit: Option<ConnectionId>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Switch {
    enforced: bool,
}

/// A form that is open: which connection's (none: a new one's), what was typed, and what is wrong with it.
struct Open<'a> {
    id: Option<ConnectionId>,
    typed: Option<(&'a TypedConnection, &'a Problem)>,
}

pub(super) async fn show(State(app): State<App>, viewer: Can<SecurityWrite>, ApiQuery(shown): ApiQuery<Shown>) -> Result<Markup, Problem> {
    render(&app, &viewer, &Open { id: shown.edit, typed: None }).await
}

pub(super) async fn add(State(app): State<App>, viewer: Can<SecurityWrite>, form: PageForm<TypedConnection>) -> Result<Response, Problem> {
    save(&app, &viewer, None, &form.value).await
}

pub(super) async fn update(
    State(app): State<App>,
    viewer: Can<SecurityWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
    form: PageForm<TypedConnection>,
) -> Result<Response, Problem> {
    save(&app, &viewer, Some(id), &form.value).await
}

pub(super) async fn inspect(
    State(app): State<App>,
    viewer: Can<SecurityWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
) -> Result<Response, Problem> {
    let inspection = inspect_connection(&app, &viewer, id).await?;
    let flash = match inspection.outcome {
        Ok(keys) => Flash::success(format!(
            "{} answers: its document is in order and {} can be verified. Whether it knows the client ID and secret shows when somebody signs in.",
            inspection.label,
            ui::plural(i64::try_from(keys).unwrap_or(i64::MAX), "signing key", "signing keys")
        )),
        Err(error) => Flash::error(format!("{} cannot be used now: the issuer {error}.", inspection.label)),
    };
    Ok(redirect(HERE, Some(flash)))
}

pub(super) async fn enforce(
    State(app): State<App>,
    viewer: Can<SecurityWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
    form: PageForm<Switch>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = stale(&app, &viewer) {
        return Ok(elsewhere);
    }
    let label = enforce_connection(&app, &viewer, id, form.value.enforced).await?;
    let text = if form.value.enforced {
        format!("Everybody but owners now signs in through {label}. Whoever is here by another way is asked to.")
    } else {
        format!("{label} is one way in among others again.")
    };
    Ok(redirect(HERE, Some(Flash::success(text))))
}

pub(super) async fn remove(
    State(app): State<App>,
    viewer: Can<SecurityWrite>,
    ApiPath(id): ApiPath<ConnectionId>,
) -> Result<Response, Problem> {
    if let Some(elsewhere) = stale(&app, &viewer) {
        return Ok(elsewhere);
    }
    let label = remove_connection(&app, &viewer, id).await?;
    Ok(redirect(HERE, Some(Flash::success(format!("{label} is removed. Whoever had come by it is signed out.")))))
}

async fn save(app: &App, viewer: &Can<SecurityWrite>, id: Option<ConnectionId>, typed: &TypedConnection) -> Result<Response, Problem> {
    if let Some(elsewhere) = stale(app, viewer) {
        return Ok(elsewhere);
    }
    match save_connection(app, viewer, id, typed).await {
        Ok(_) => Ok(redirect(HERE, Some(Flash::success(format!("{} is saved.", typed.label.trim()))))),
        Err(problem) if problem.kind == ProblemKind::Invalid || !problem.errors.is_empty() => {
            let page = render(app, viewer, &Open { id, typed: Some((typed, &problem)) }).await?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// To the page that proves who they are, and back here: a form cannot be sent again after it.
fn stale(app: &App, viewer: &Can<SecurityWrite>) -> Option<Response> {
    viewer.require_fresh(app).is_err().then(|| redirect("/login/confirm?next=%2Fsettings%2Fsecurity", None))
}

async fn render(app: &App, viewer: &Can<SecurityWrite>, open: &Open<'_>) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let mut all = connections::list(&tx).await?;
    let roles = gate::joining_roles(&tx, viewer).await?;
    tx.commit().await?;
    connections::count_people(&app.db, &mut all).await?;
    let may_change = viewer.require_fresh(app).is_ok();
    let form = Form { roles: &roles, callback: &app.config.link(CALLBACK) };
    let content = html! {
        (ui::page_header("Security", "How people prove who they are before they come in.", html! {}))
        (ui::stack(html! {
            @if !may_change {
                (ui::notice_with(Tone::Info, "Changes here decide who gets in, so they take a fresh proof that it is you.",
                    html! { (Button::secondary("Confirm it is you").href("/login/confirm?next=%2Fsettings%2Fsecurity")) }))
            }
            @for connection in &all {
                @if may_change && open.id == Some(connection.id) {
                    (ui::card(&connection.label, html! {}, form.of(Some(connection), open.typed)))
                } @else {
                    (ui::card(&connection.label, html! {}, details(app, connection, &roles, may_change)))
                }
            }
            @if may_change && open.id.is_none() {
                (ui::card(if all.is_empty() { "Connect your identity provider" } else { "Connect another identity provider" }, html! {}, html! {
                    (ui::stack(html! {
                        p.muted { "Any provider that speaks OpenID Connect: Okta, Entra ID, Auth0, Keycloak, Google Workspace and others. People whom it knows sign in with one button, and come into this organisation only." }
                        (form.of(None, open.typed))
                    }))
                }))
            } @else if all.is_empty() {
                (ui::card("Single sign-on", html! {}, ui::empty_state(Icon::Key, "No identity provider is connected",
                    "People sign in with a password, a passkey, or a provider of this server.", html! {})))
            }
            p.muted { "A second factor is required by role: choose for whom under " a href="/settings/roles" { "Roles" } "." }
        }))
    };
    Ok(viewer.page(Nav::Security, "Security", content))
}

fn details(app: &App, connection: &Connection, roles: &[(String, String)], may_change: bool) -> Markup {
    let action = |verb: &str| format!("{HERE}/sso/{}/{verb}", connection.id);
    let link = app.config.link(&format!("/login/sso/{}", connection.id));
    let domains =
        if connection.domains.is_empty() { "None: people come by the link below".to_owned() } else { connection.domains.join(", ") };
    let people = match connection.people {
        0 => "Nobody has".to_owned(),
        people => ui::plural(people, "person has", "people have"),
    };
    ui::stack(html! {
        (ui::definition_list([
            ("Issuer", html! { (connection.issuer) }),
            ("Client ID", html! { (connection.client_id) }),
            ("Domains", html! { (domains) }),
            ("Newcomers become", html! { (role_name(roles, &connection.default_role)) }),
            ("Sign-in link", html! { a href=(link) { (link) } }),
            ("In use", html! { (people) " come by it, connected " (ui::date(connection.created_at)) }),
            ("Required", html! { @if connection.enforced { (ui::badge(Tone::Success, "For everybody but owners")) } @else { "No: other ways in stay open" } }),
        ]))
        @if may_change {
            (ui::form_actions(html! {
                (Button::secondary("Edit").href(format!("{HERE}?edit={}", connection.id)))
                form method="post" action=(action("test")) { (Button::secondary("Test")) }
                form method="post" action=(action("enforce")) {
                    (ui::hidden("enforced", if connection.enforced { "false" } else { "true" }))
                    @if connection.enforced {
                        (Button::secondary("Stop requiring it"))
                    } @else {
                        (Button::secondary("Require it").confirm("Everybody but owners will have to sign in through it from now on. Try the sign-in link first: if it does not work, people wait outside until you switch this off."))
                    }
                }
                form method="post" action=(action("remove")) {
                    (Button::danger("Remove").confirm("Nobody signs in through it any more, and whoever has is signed out. People and their work stay."))
                }
            }))
            p.muted { "Owners can always sign in their own way, so that a broken provider locks nobody out." }
        }
    })
}

fn role_name<'a>(roles: &'a [(String, String)], stored: &'a str) -> &'a str {
    roles.iter().find(|(key, _)| key == stored).map_or(stored, |(_, name)| name)
}

/// The form of a connection, new or not.
struct Form<'a> {
    roles: &'a [(String, String)],
    callback: &'a str,
}

impl Form<'_> {
    fn of(&self, known: Option<&Connection>, refused: Option<(&TypedConnection, &Problem)>) -> Markup {
        let stored = known.map_or_else(
            || TypedConnection { default_role: "rep".to_owned(), ..TypedConnection::default() },
            |known| TypedConnection {
                label: known.label.clone(),
                issuer: known.issuer.clone(),
                client_id: known.client_id.clone(),
                client_secret: String::new(),
                domains: known.domains.join(", "),
                default_role: known.default_role.clone(),
            },
        );
        let typed = refused.map_or(&stored, |(typed, _)| typed);
        let mut roles = self.roles.to_vec();
        // One that the reader may not give stands there all the same, or saving would change it unseen.
        if let Some(known) = known.filter(|known| !roles.iter().any(|(key, _)| *key == known.default_role)) {
            roles.push((known.default_role.clone(), known.default_role.clone()));
        }
        let error = |name: &str| refused.and_then(|(_, problem)| problem.of_field(name));
        let action = known.map_or_else(|| format!("{HERE}/sso"), |known| format!("{HERE}/sso/{}", known.id));
        let secret = Field::password("client_secret", "Client secret").error(error("client_secret")).autocomplete("off");
        let secret = if refused.is_some() {
            secret.hint("Type it once more if you had: a secret is never sent back to a page.")
        } else if known.is_some() {
            secret.hint("Stored encrypted and never shown. Leave it empty to keep the one there is.")
        } else {
            secret.hint("Stored encrypted and never shown again.").required()
        };
        html! {
            form.stack.sso-form method="post" action=(action) {
                (ui::definition_list([("Redirect URI, to register at the provider", html! { code { (self.callback) } " " (Button::ghost("Copy").small().plain().attr("data-copy", self.callback)) })]))
                (ui::field_grid(html! {
                    (Field::text("label", "Name").value(&typed.label).error(error("label")).required().attr("maxlength", "60").hint("On the sign-in button, such as Okta."))
                    (Field::url("issuer", "Issuer").value(&typed.issuer).error(error("issuer")).required().placeholder("https://login.example.com")
                        .hint("Its discovery document is read when you save."))
                    (Field::text("client_id", "Client ID").value(&typed.client_id).error(error("client_id")).autocomplete("off").required())
                    (secret)
                    (Field::text("domains", "Domains").value(&typed.domains).error(error("domains")).placeholder("example.com")
                        .hint("Work addresses of these domains are sent to this provider, and new people of them come in by themselves. Name yours, or one that the team page has claimed."))
                    (Field::select("default_role", "Newcomers become", roles).value(&typed.default_role).error(error("default_role")))
                }))
                (ui::form_actions(html! {
                    (Button::primary(if known.is_some() { "Save" } else { "Connect" }))
                    @if known.is_some() { (Button::ghost("Cancel").href(HERE)) }
                }))
            }
        }
    }
}
