use db::{Scope, Sees, SystemTx};
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem, ProblemKind};
use jiff::Timestamp;
use kernel::{Actor, InvitationId, UserId};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::checked_name;
use crate::{
    Client, Engine, Permission, Person,
    authority::{Authority, role_key, unknown_role},
    cookie, password,
    session::{self, Method, NewSession},
    store::{
        self, NewUser, colleagues,
        invitations::{self, Opened},
        roles,
    },
};

/// Somebody who has no account yet and makes one to accept.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct NewAccount {
    pub(crate) name: String,
    pub(crate) password: String,
}

/// What whoever holds the link may know of the invitation.
pub(crate) async fn open(app: &App, token: &str) -> Result<Opened, Problem> {
    invitations::open(&app.db, &hash(token), app.clock.now()).await?.ok_or_else(gone)
}

/// Joins the organisation. Only whoever has proved the invited address may; what the invitation gives is
/// what its sender may still give. Their session works there from now on.
pub(crate) async fn accept(app: &App, person: &Person, token: &str) -> Result<Opened, Problem> {
    let invitation = open(app, token).await?;
    accept_opened(app, person, invitation, &hash(token)).await
}

/// The same without the link, for somebody who has proved the address by other means.
pub(crate) async fn accept_waiting(app: &App, person: &Person, id: InvitationId) -> Result<Opened, Problem> {
    let waiting = match person.principal.email_confirmed {
        true => invitations::of_address(&app.db, &person.principal.email, app.clock.now()).await?,
        false => Vec::new(),
    };
    let (invitation, hash) = waiting.into_iter().find(|(invitation, _)| invitation.id == id).ok_or_else(gone)?;
    accept_opened(app, person, invitation, &hash).await
}

async fn accept_opened(app: &App, person: &Person, invitation: Opened, hash: &[u8; 32]) -> Result<Opened, Problem> {
    person.require_second_factor()?;
    let now = app.clock.now();
    let principal = &person.principal;
    if principal.email != invitation.email || !principal.email_confirmed {
        return Err(Problem::forbidden(format!(
            "This invitation is for {}, and you are signed in as {}. Sign in with the invited address.",
            invitation.email, principal.email
        )));
    }
    if principal.only_org.is_some_and(|org| org != invitation.org) {
        return Err(Problem::forbidden(
            "An organisation's own identity provider signed you in, for that organisation only. Sign in with your password to accept.",
        ));
    }
    let tx = app.db.system().await?;
    join(&tx, &invitation, principal.user, hash, now).await?;
    session::work_at(&tx, person.session_id, invitation.org).await?;
    let origin = format!("{} {}", person.session_id, person.client.address);
    finish(tx, &invitation, principal.user, &origin, now).await?;
    Engine::of(app)?.forget_person(principal.user);
    Ok(invitation)
}

/// Makes the account of somebody unknown, whose address the link has proved, and joins; returns the token
/// of their session's cookie.
pub(crate) async fn accept_as_new(app: &App, token: &str, new: NewAccount, client: &Client) -> Result<String, Problem> {
    let (now, invitation) = (app.clock.now(), open(app, token).await?);
    if invitation.known {
        return Err(has_account());
    }
    let name = checked_name(&new.name, "Your name");
    let weakness = password::weakness(&new.password, &[&invitation.email, &new.name, &invitation.organisation]);
    let (Ok(name), None) = (&name, &weakness) else {
        let errors = [
            name.err().map(|why| FieldError::new("/name", "name.invalid", why)),
            weakness.map(|why| FieldError::new("/password", "password.weak", format!("The password {}", why.text))),
        ];
        return Err(Problem::invalid(errors.into_iter().flatten().collect()));
    };
    let hashed = password::hash(new.password).await.map_err(|error| Problem::internal(&error))?;
    let (user, (cookie, cookie_hash)) = (UserId::new(), cookie::new_token());
    let tx = app.db.system().await?;
    let known =
        NewUser { id: user, email: &invitation.email, name, password_hash: Some(&hashed), confirmed: true, user_metadata: &json!({}) };
    store::insert_user(&tx, &known, now).await.map_err(|error| match error.constraint() {
        Some("users_email_key") => has_account(),
        _ => error.into(),
    })?;
    join(&tx, &invitation, user, &hash(token), now).await?;
    let session = NewSession { org: Some(invitation.org), cookie: Some(cookie_hash), ..NewSession::by(user, Method::Invite) };
    let session = session::open(&tx, &session, client, now).await?;
    finish(tx, &invitation, user, &format!("{session} {}", client.address), now).await?;
    Ok(cookie)
}

/// Uses the invitation up; whoever comes second with the same link is told that it is gone.
async fn join(tx: &SystemTx, invitation: &Opened, user: UserId, hash: &[u8; 32], now: Timestamp) -> Result<(), Problem> {
    if !invitations::use_up(tx, hash, now).await? {
        return Err(gone());
    }
    if !colleagues::join(tx, invitation.org, user, &invitation.role, invitation.team, now).await? {
        return Err(Problem::conflict(format!("You belong to {} already.", invitation.organisation)));
    }
    Ok(())
}

async fn finish(tx: SystemTx, invitation: &Opened, user: UserId, origin: &str, now: Timestamp) -> Result<(), Problem> {
    let tx = tx.enter(&Scope::new(invitation.org, Sees::Everything, Some(origin))).await?;
    roles::take_turn(&tx).await?;
    let all = roles::roles(&tx).await?;
    let role = all.get(role_key(&invitation.role, "")?).ok_or_else(|| unknown_role(""))?;
    // Who sent it may have lost since what they gave away then.
    let sender = match colleagues::get(&tx, invitation.invited_by).await? {
        Some(sender) => all.get(role_key(&sender.role, "")?),
        None => None,
    };
    let may_invite = sender.is_some_and(|sender| sender.effective().has(Permission::TeamWrite) && Authority::of_role(sender).covers(role));
    if !may_invite {
        return Err(gone());
    }
    let payload = json!({ "role": invitation.role, "by": "invitation", "invitation": invitation.id, "invited_by": invitation.invited_by });
    append(&tx, &[NewEvent { kind: "member.joined", subject: Subject::of(user), actor: Actor::User(user), at: now, payload }]).await?;
    Ok(tx.commit().await?)
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// The same whatever is wrong with the link.
fn gone() -> Problem {
    Problem::new(
        ProblemKind::NotFound,
        "This invitation has been used, withdrawn or replaced, or is older than seven days. Ask whoever invited you for a new one.",
    )
}

fn has_account() -> Problem {
    Problem::conflict("This address has an account already. Sign in with it, then open the link again.")
}
