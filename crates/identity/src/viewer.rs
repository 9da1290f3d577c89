use std::{marker::PhantomData, ops::Deref};

use axum::extract::FromRequestParts;
use db::{Scope, Sees};
use http::request::Parts;
use http_kit::{App, Chrome, ClientIp, Problem};
use jiff::SignedDuration;
use kernel::{Actor, OrgId, SessionId, UserId};
use maud::Markup;
use ui::{Nav, Shell};

use crate::{Allows, Role, cookie, store};

/// How exactly a session's last use is kept.
const SEEN_EVERY: SignedDuration = SignedDuration::from_mins(5);

/// A signed-in member of an organisation. Pages send strangers to the sign-in, the API answers 401.
#[derive(Debug, Clone)]
pub struct Viewer {
    pub user_id: UserId,
    pub session_id: SessionId,
    pub org_id: OrgId,
    /// What their transactions see; it also names the session in the event log.
    pub scope: Scope,
    pub role: Role,
    pub name: String,
    pub email: String,
    pub org_name: String,
    chrome: Chrome,
    hidden: Vec<Nav>,
}

impl Viewer {
    /// As the event log names them.
    pub const fn actor(&self) -> Actor {
        Actor::User(self.user_id)
    }

    /// Whether they may do something; to show or hide a button. Handlers take [`Can`] instead.
    pub const fn may(&self, permission: crate::Permission) -> bool {
        self.role.may(permission)
    }

    /// The whole document around `content`, with the sidebar at `nav`.
    pub fn page(&self, nav: Nav, title: &str, content: Markup) -> Markup {
        let shell = Shell {
            title,
            nav,
            nonce: &self.chrome.nonce,
            user_name: &self.name,
            user_email: &self.email,
            org_name: &self.org_name,
            role: self.role.label(),
            hidden: &self.hidden,
            toasts: &self.chrome.toasts(),
        };
        ui::document(&shell, content)
    }
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = cookie::presented(&parts.headers, &app.config).ok_or_else(Problem::unauthorized)?;
        let now = app.clock.now();
        let row = store::session(&app.db, &token, now).await?.ok_or_else(Problem::unauthorized)?;
        let role: Role = row.role.parse().map_err(|()| Problem::internal(&"a membership has an unknown role"))?;
        if now.duration_since(row.last_seen_at) > SEEN_EVERY {
            store::touch_session(&app.db, row.org, row.session, now).await?;
        }
        let Ok(ClientIp(from)) = ClientIp::from_request_parts(parts, app).await;
        let origin = format!("session {}; from {from}", row.session);
        let Ok(chrome) = Chrome::from_request_parts(parts, app).await;
        let hidden = if matches!(app.mailer, mail::Mailer::Catcher(_)) { Vec::new() } else { vec![Nav::Catcher] };
        Ok(Self {
            user_id: row.user,
            session_id: row.session,
            org_id: row.org,
            scope: Scope::new(row.org, Sees::Everything, Some(&origin)),
            role,
            name: row.name,
            email: row.email,
            org_name: row.org_name,
            chrome,
            hidden,
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
        if viewer.role.may(P::PERMISSION) {
            Ok(Self(viewer, PhantomData))
        } else {
            Err(Problem::forbidden(format!(
                "Your role ({}) does not allow this. An owner or admin of {} can change that.",
                viewer.role.label(),
                viewer.org_name
            )))
        }
    }
}
