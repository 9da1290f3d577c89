use db::{DbError, SystemTx, TenantTx};
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem};
use jiff::Timestamp;
use kernel::{EmailAddress, TeamId, UserId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::{
    change_member::require_team,
    checked_name,
    invite::{NewInvitations, count_letter, invite},
};
use crate::{
    Can, TeamWrite,
    authority::{Authority, governs, role_key, unknown_role},
    mailing::{MailRequest, Via, request_about},
    one_time::Purpose,
    password,
    store::{self, NewUser, colleagues, roles},
};

/// A colleague to add, with a first password that is handed to them.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewMember {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub email: String,
    /// `admin`, `manager`, `rep`, `viewer`, or `role_…` of the organisation's own.
    #[serde(default)]
    pub role: String,
    pub team_id: Option<TeamId>,
    #[serde(default)]
    pub password: String,
}

/// A new member whose fields are right and whose password is hashed: what takes time is done.
pub(crate) struct Checked {
    id: UserId,
    name: String,
    email: EmailAddress,
    role: String,
    team: Option<TeamId>,
    hash: String,
}

/// Checks what can be checked without the database.
pub(crate) async fn check(new: NewMember) -> Result<Checked, Problem> {
    let name = checked_name(&new.name, "The name");
    let email = EmailAddress::parse(&new.email);
    let role = role_key(&new.role, "/role");
    let weakness = password::weakness(&new.password, &[&new.email, &new.name]);
    match (name, email, role, weakness) {
        (Ok(name), Ok(email), Ok(role), None) => {
            let hash = password::hash(new.password).await.map_err(|error| Problem::internal(&error))?;
            Ok(Checked { id: UserId::new(), name, email, role: role.to_string(), team: new.team_id, hash })
        }
        (name, email, role, weakness) => {
            let errors = [
                name.err().map(|why| FieldError::new("/name", "name.invalid", why)),
                email.err().map(|why| FieldError::new("/email", "email.invalid", format!("The address {why}"))),
                role.err().and_then(|problem| problem.errors.into_iter().next()),
                weakness.map(|why| FieldError::new("/password", "password.weak", format!("The password {}", why.text))),
            ];
            Err(Problem::invalid(errors.into_iter().flatten().collect()))
        }
    }
}

/// Makes the person known and a member, unless somebody has the address; says whether. Two requests about
/// one address take turns, so that a repeated one finds the answer to the first.
pub(crate) async fn make_known(app: &App, tx: &SystemTx, viewer: &Can<TeamWrite>, new: &Checked, now: Timestamp) -> Result<bool, DbError> {
    let email = new.email.as_str();
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('leadline new member ' || $1, 0))", &[&email]).await?;
    if store::is_known(tx, email).await? {
        return Ok(false);
    }
    let confirmed = !app.config.auth.confirm_email;
    let user = NewUser { id: new.id, email, name: &new.name, password_hash: Some(&new.hash), confirmed, user_metadata: &json!({}) };
    store::insert_user(tx, &user, now).await?;
    colleagues::join(tx, viewer.org_id, new.id, &new.role, None, now).await?;
    Ok(true)
}

/// Gives them their place: whoever has just become known has it at once, whoever was known before is
/// invited, because nobody else decides where they belong.
pub(crate) async fn place(
    app: &App,
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    new: &Checked,
    is_new: bool,
    now: Timestamp,
) -> Result<(), Problem> {
    if !is_new {
        let invitation = NewInvitations { emails: vec![new.email.as_str().to_owned()], role: new.role.clone(), team_id: new.team };
        // The field that the caller knows.
        return match invite(app, tx, viewer, invitation, now).await {
            Ok(_) => Ok(()),
            Err(mut problem) => {
                for error in problem.errors.iter_mut().filter(|error| error.pointer.starts_with("/emails")) {
                    error.pointer = "/email".to_owned();
                }
                Err(problem)
            }
        };
    }
    count_letter(app, viewer, new.email.as_str()).await?;
    roles::take_turn(tx).await?;
    let all = roles::roles(tx).await?;
    let role = all.get(role_key(&new.role, "/role")?).ok_or_else(|| unknown_role("/role"))?;
    if role.key.is_owner() {
        return Err(Problem::field("/role", "role.owner", "Nobody begins as an owner: add them as an admin, then make them an owner"));
    }
    Authority::of(viewer).require(role, "/role")?;
    if governs(role) {
        viewer.require_fresh(app)?;
    }
    if new.team.is_some() {
        Authority::of(viewer).require_whole_view("/team_id")?;
        require_team(tx, new.team).await?;
        colleagues::set_team(tx, new.id, new.team).await?;
    }
    let payload = json!({ "role": new.role, "by": "password" });
    append(tx, &[NewEvent { kind: "member.joined", subject: Subject::of(new.id), actor: viewer.actor(), at: now, payload }]).await?;
    Ok(())
}

/// Where addresses must be confirmed, the new person's is asked to be. After the commit: it has its own. The letter is
/// an invitation and not that of a sign-up: whoever accepts it must not go on with a password that another chose,
/// or that other could follow them into every organisation that they join later.
pub(crate) async fn ask_to_confirm(app: &App, new: &Checked, is_new: bool) -> Result<(), Problem> {
    if !is_new || !app.config.auth.confirm_email {
        return Ok(());
    }
    let request = MailRequest {
        purpose: Purpose::Invite,
        email: new.email.as_str().to_owned(),
        via: Via::Page { next: "/".to_owned(), organisation: None },
        challenge: None,
        create: None,
        from: None,
    };
    Ok(request_about(app, Some(new.id), request).await?)
}
