//! Who makes a request, as types: [`Person`] is signed in, [`Viewer`] works in an organisation whose
//! demands they meet, [`Can`] holds a permission there. A handler that takes one cannot be reached without it.

use std::{marker::PhantomData, ops::Deref, sync::Arc};

use axum::extract::FromRequestParts;
use db::Scope;
use futures_util::future::BoxFuture;
use http::{header, request::Parts};
use http_kit::{App, Chrome, Problem, SignUp, limit_principal};
use jiff::SignedDuration;
use kernel::{Actor, OrgId, SessionId, UserId};
use maud::Markup;
use ui::{Nav, Shell, Workplace};

use crate::{
    Allows, Client, Engine, Permission, Place, Principal, Role, RoleKey, cookie, keys, pages::security, principal::Credential, session,
};

/// How exactly the last use of a session or key is kept.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);
/// For so long after a proof of identity, what is sensitive may be done without another.
pub const FRESH_FOR: SignedDuration = SignedDuration::from_mins(10);

/// Somebody signed in, wherever they belong: for their own account and for showing a second factor.
#[derive(Debug, Clone)]
pub struct Person {
    pub principal: Arc<Principal>,
    pub session_id: SessionId,
    pub client: Client,
    pub(crate) chrome: Chrome,
}

/// A signed-in member of an organisation, by session, access token or API key. Pages send strangers to
/// the sign-in, the API answers 401.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub user_id: UserId,
    pub org_id: OrgId,
    /// What their transactions see; it also names the session in the event log.
    pub scope: Scope,
    pub role: RoleKey,
    pub role_label: String,
    pub name: String,
    pub email: String,
    pub org_name: String,
    pub client: Client,
    principal: Arc<Principal>,
    place: Place,
    chrome: Chrome,
    hidden: Vec<Nav>,
    /// Whether they may found another organisation.
    may_found: bool,
    /// Whether this browser wants to hear no more of second factors for now.
    nudge_is_put_off: bool,
}

impl Viewer {
    /// As the event log names them.
    pub const fn actor(&self) -> Actor {
        Actor::User(self.user_id)
    }

    /// Everything known of them.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Their standing in the organisation.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// Whether they may do something; to show or hide a button. Handlers take [`Can`] instead.
    pub const fn may(&self, permission: Permission) -> bool {
        self.place.permissions.has(permission)
    }

    /// A quiet reminder for managers and above who have no second factor; the start page shows it.
    pub fn security_nudge(&self) -> Option<Markup> {
        let much = matches!(self.role, RoleKey::BuiltIn(Role::Owner | Role::Admin | Role::Manager)) || self.may(Permission::TeamWrite);
        (much && self.principal.session.is_some() && !self.principal.has_mfa && !self.nudge_is_put_off).then(security::nudge)
    }

    /// Refuses what is sensitive unless they have proved to be themselves a moment ago (step-up).
    pub fn require_fresh(&self, app: &App) -> Result<(), Problem> {
        require_fresh(&self.principal, app)
    }

    /// Where they can switch to. A session of an organisation's own identity provider stays there.
    fn workplaces(&self) -> Vec<Workplace> {
        let open = |org: &OrgId| self.principal.only_org.is_none_or(|only| only == *org);
        let place = |(id, name): &(OrgId, String)| Workplace { id: id.to_string(), name: name.clone(), is_current: *id == self.org_id };
        self.principal.organisations.iter().filter(|(id, _)| open(id)).map(place).collect()
    }

    /// The whole document around `content`, with the sidebar at `nav`.
    pub fn page(&self, nav: Nav, title: &str, content: Markup) -> Markup {
        let organisations = self.workplaces();
        let shell = Shell {
            title,
            nav,
            nonce: &self.chrome.nonce,
            user_name: &self.name,
            user_email: &self.email,
            org_name: &self.org_name,
            organisations: &organisations,
            may_found: self.may_found,
            role: &self.role_label,
            hidden: &self.hidden,
            toasts: &self.chrome.toasts(),
        };
        ui::document(&shell, content)
    }
}

impl Person {
    /// A page without the sidebar.
    pub fn bare(&self, title: &str, content: Markup) -> Markup {
        self.chrome.bare(title, content)
    }

    /// See [`Viewer::require_fresh`].
    pub fn require_fresh(&self, app: &App) -> Result<(), Problem> {
        require_fresh(&self.principal, app)
    }

    /// Refuses whoever has a second factor and has not shown it in this session.
    pub fn require_second_factor(&self) -> Result<(), Problem> {
        require_second_factor(&self.principal)
    }
}

fn require_fresh(principal: &Principal, app: &App) -> Result<(), Problem> {
    if principal.session.is_none() {
        return Err(Problem::forbidden("An API key cannot do this. Sign in and do it yourself."));
    }
    if app.clock.now().duration_since(principal.fresh_at) <= FRESH_FOR {
        return Ok(());
    }
    Err(Problem::forbidden("This is sensitive, so it takes a fresh proof that it is you. Confirm it and try again.")
        .remedy("/login/confirm"))
}

fn require_second_factor(principal: &Principal) -> Result<(), Problem> {
    if principal.session.is_some() && principal.has_mfa && principal.aal < 2 {
        return Err(Problem::forbidden("This account has a second factor, which this session has not shown yet.").remedy("/login/factor"));
    }
    Ok(())
}

/// Remembered within a request, so that two extractors look once.
#[derive(Clone)]
struct Found(Arc<Principal>, Client);

/// Whoever the request's credential stands for.
///
/// Boxed: it would become machine code anew for each of the extractors that wait for it.
fn authenticate<'a>(parts: &'a mut Parts, app: &'a App) -> BoxFuture<'a, Result<Found, Problem>> {
    Box::pin(async move {
        if let Some(found) = parts.extensions.get::<Found>() {
            return Ok(found.clone());
        }
        let Ok(client) = Client::from_request_parts(parts, app).await;
        let engine = Engine::of(app)?;
        let now = app.clock.now();
        let credential = match bearer(parts) {
            // What cannot be a key of ours costs no look into the database.
            Some(key) if keys::is_key(key) => Credential::Key(keys::hash_of(key).ok_or_else(Problem::unauthorized)?),
            Some(token) => Credential::Session(match engine.external() {
                Some(external) => external.session(app, token, &client, now).await?,
                None => engine.verify(token, now).await.map_err(|_| Problem::unauthorized())?.session_id.into(),
            }),
            None => Credential::Cookie(cookie::presented(&parts.headers, &app.config).ok_or_else(Problem::unauthorized)?),
        };
        let principal = engine.principal(credential, now).await?.ok_or_else(Problem::unauthorized)?;
        if parts.uri.path().starts_with("/api/") {
            let who = principal.key.as_ref().map_or_else(|| principal.user.to_string(), |key| key.id.to_string());
            limit_principal(app, &who).await?;
        }
        if !principal.may_come_from(client.address) {
            crate::security::key_refused(app, &principal, &client);
            return Err(Problem::forbidden(format!(
                "This API key may not be used from {}. Its addresses are set where it was made.",
                client.address
            )));
        }
        if now.duration_since(principal.last_seen_at) > SEEN_EVERY && engine.note_use(&principal) {
            note_use(app, &principal, &client, now).await?;
        }
        let found = Found(principal, client);
        parts.extensions.insert(found.clone());
        Ok(found)
    })
}

async fn note_use(app: &App, principal: &Principal, client: &Client, now: jiff::Timestamp) -> Result<(), Problem> {
    match (principal.session, &principal.key) {
        (Some(session), _) => session::touch(&app.db, session, client, now).await?,
        (None, Some(key)) => keys::touch(&app.db, key.id, &client.address.to_string(), now).await?,
        (None, None) => {}
    }
    Ok(())
}

fn bearer(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

impl FromRequestParts<App> for Person {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Found(principal, client) = authenticate(parts, app).await?;
        let session_id = principal.session.ok_or_else(|| Problem::forbidden("An API key cannot do this. Sign in and do it yourself."))?;
        if !principal.owns_account && parts.uri.path().starts_with("/account") {
            return Err(Problem::forbidden(
                "An organisation's own identity provider signed you in, for that organisation only. To see or change your account, sign in your own way.",
            ));
        }
        let Ok(chrome) = Chrome::from_request_parts(parts, app).await;
        Ok(Self { principal, session_id, client, chrome })
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Found(principal, client) = authenticate(parts, app).await?;
        require_second_factor(&principal)?;
        let place = principal
            .place
            .clone()
            .ok_or_else(|| Problem::forbidden("You belong to no organisation yet. Accept an invitation or make one.").remedy("/welcome"))?;
        if principal.session.is_some() {
            if place.sso_required && principal.only_org != Some(place.org) {
                let detail = format!("{} wants its people to sign in through its own identity provider.", place.org_name);
                return Err(Problem::forbidden(detail).remedy("/login/sso"));
            }
            if place.mfa_required && !principal.has_mfa {
                let detail = format!("{} wants a second factor from everybody in your role. Set one up first.", place.org_name);
                return Err(Problem::forbidden(detail).remedy("/account/security"));
            }
        }
        let origin = match (&principal.session, &principal.key) {
            (Some(session), _) => format!("{session} {}", client.address),
            (None, Some(key)) => format!("{} {}", key.id, client.address),
            (None, None) => client.address.to_string(),
        };
        let Ok(chrome) = Chrome::from_request_parts(parts, app).await;
        let places = [
            (Nav::Catcher, matches!(app.mailer, mail::Mailer::Catcher(_))),
            (Nav::Security, place.permissions.has(Permission::SecurityWrite)),
            (Nav::Keys, place.permissions.has(Permission::KeysWrite)),
            (Nav::Audit, place.permissions.has(Permission::AuditRead)),
        ];
        let hidden = places.into_iter().filter_map(|(nav, open)| (!open).then_some(nav)).collect();
        let may_found = app.config.signup == SignUp::Open && principal.only_org.is_none();
        Ok(Self {
            user_id: principal.user,
            org_id: place.org,
            scope: Scope::new(place.org, place.sees.clone(), Some(&origin)),
            role: place.role,
            role_label: place.role_label.clone(),
            name: principal.name.clone(),
            email: principal.email.clone(),
            org_name: place.org_name.clone(),
            client,
            principal,
            place,
            chrome,
            hidden,
            may_found,
            nudge_is_put_off: security::is_put_off(&parts.headers),
        })
    }
}

/// A [`Viewer`] who holds permission `P`: the type is the check.
#[derive(Debug, Clone)]
pub struct Can<P>(Viewer, PhantomData<P>);

impl<P> Deref for Can<P> {
    type Target = Viewer;
    fn deref(&self) -> &Viewer {
        &self.0
    }
}

impl<P: Allows> FromRequestParts<App> for Can<P> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let viewer = Viewer::from_request_parts(parts, app).await?;
        if viewer.may(P::PERMISSION) {
            return Ok(Self(viewer, PhantomData));
        }
        crate::security::denied(app, &viewer, P::PERMISSION);
        Err(Problem::forbidden(if viewer.principal.key.is_some() {
            format!("This API key lacks the scope {}, or the person who made it may not do this any more.", P::PERMISSION.as_str())
        } else {
            format!("Your role ({}) does not allow this. An owner or admin of {} can change that.", viewer.role_label, viewer.org_name)
        }))
    }
}
