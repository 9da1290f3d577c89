use db::Scope;
use events::{NewEvent, Subject, append};
use http_kit::{App, Problem};
use kernel::{Actor, OrgId};
use serde_json::json;

use super::{checked_name, sign_up};
use crate::{Engine, Person, Role, session, store};

/// Founds another organisation; whoever does is its owner, and their session works there from now on.
pub(crate) async fn found_organisation(app: &App, person: &Person, name: &str) -> Result<OrgId, Problem> {
    sign_up::allowed(app).await?;
    person.require_second_factor()?;
    let principal = &person.principal;
    if principal.only_org.is_some() {
        return Err(Problem::forbidden(
            "An organisation's own identity provider signed you in, for that organisation only. Sign in with your password to found another.",
        ));
    }
    if !principal.email_confirmed {
        return Err(Problem::forbidden("Confirm your address first: follow the link in the mail that we sent."));
    }
    let name = checked_name(name, "The organisation's name").map_err(|why| Problem::field("/organisation", "organisation.invalid", why))?;
    let (org, now) = (OrgId::new(), app.clock.now());
    let tx = app.db.system().await?;
    store::insert_organisation(&tx, org, &name, now).await?;
    store::insert_membership(&tx, org, principal.user, Role::Owner.as_str(), now).await?;
    session::work_at(&tx, person.session_id, org).await?;
    let tx = tx.enter(&Scope::whole(org)).await?;
    let actor = Actor::User(principal.user);
    append(&tx, &[NewEvent { kind: "organisation.created", subject: Subject::of(org), actor, at: now, payload: json!({}) }]).await?;
    tx.commit().await?;
    Engine::of(app)?.forget_person(principal.user);
    Ok(org)
}

/// Works in another of one's organisations from now on. One that is not theirs is not found.
pub(crate) async fn switch_organisation(app: &App, person: &Person, org: OrgId) -> Result<(), Problem> {
    let tx = app.db.system().await?;
    if !session::work_at(&tx, person.session_id, org).await? {
        return Err(Problem::not_found());
    }
    tx.commit().await?;
    Engine::of(app)?.forget_person(person.principal.user);
    Ok(())
}
