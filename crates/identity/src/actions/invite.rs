use std::{collections::BTreeSet, time::Duration};

use cache::Rate;
use db::TenantTx;
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem, throttle};
use jiff::{SignedDuration, Timestamp};
use kernel::{EmailAddress, InvitationId, TeamId};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use super::change_member::require_team;
use crate::{
    Can, TeamWrite,
    authority::{Authority, governs, role_key, unknown_role},
    mailing::{Stamp, TeamLetter, invitation_token, send_stamped},
    store::{
        colleagues,
        invitations::{self, Invitation, NewInvitation},
        roles::{self, RoleFacts},
    },
};

/// How long the link in the letter works.
pub(crate) const LIFETIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Addresses in one go.
const AT_ONCE: usize = 50;
/// Invitations that wait at one time.
const WAITING: i64 = 1000;
/// Letters of one organisation: invitations must not be a way to write to strangers.
const PER_ORGANISATION: Rate = Rate { uses: 200, per: Duration::from_secs(3600) };
/// Letters to one address, whoever invites it.
const PER_ADDRESS: Rate = Rate { uses: 5, per: Duration::from_secs(3600) };

/// Whom to invite, and to what.
#[derive(Debug, Default, Clone, Deserialize, garde::Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[garde(allow_unvalidated)]
pub struct NewInvitations {
    /// 1 to 50 addresses. One that is invited already gets a new letter, and what it was invited to is replaced.
    #[serde(default)]
    pub emails: Vec<String>,
    /// `admin`, `manager`, `rep`, `viewer`, or `role_…` of the organisation's own.
    #[serde(default)]
    pub role: String,
    pub team_id: Option<TeamId>,
}

/// Invites people by mail: those who have an account, and those who have none yet, alike.
pub(crate) async fn invite(
    app: &App,
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    new: NewInvitations,
    now: Timestamp,
) -> Result<Vec<Invitation>, Problem> {
    let emails = checked_addresses(&new.emails)?;
    roles::take_turn(tx).await?;
    let all = roles::roles(tx).await?;
    let role = all.get(role_key(&new.role, "/role")?).ok_or_else(|| unknown_role("/role"))?;
    require_invitable(app, viewer, role)?;
    if new.team_id.is_some() {
        Authority::of(viewer).require_whole_view("/team_id")?;
        require_team(tx, new.team_id).await?;
    }
    let here = colleagues::by_email(tx, &emails).await?;
    if !here.is_empty() {
        let errors =
            here.iter().map(|email| FieldError::new("/emails", "email.member", format!("{email} belongs to the organisation already")));
        return Err(Problem::invalid(errors.collect()));
    }
    // Whoever may not take a role away may not do it by inviting its address to a lesser one.
    for (email, waiting) in invitations::waiting(tx, &emails).await? {
        if let Some(waiting) = all.get(role_key(&waiting, "/role")?)
            && !Authority::of(viewer).covers(waiting)
        {
            let detail = format!("{email} is invited to the role {}, which is above yours", waiting.name);
            return Err(Problem {
                errors: vec![FieldError::new("/emails", "role.above_yours", detail.clone())],
                ..Problem::forbidden(detail)
            });
        }
    }
    if invitations::count(tx).await? + i64::try_from(emails.len()).unwrap_or(i64::MAX) > WAITING {
        return Err(Problem::conflict(format!("At most {WAITING} invitations wait at one time. Withdraw those that nobody will accept.")));
    }
    let mut sent = Vec::with_capacity(emails.len());
    for email in &emails {
        let id = send(app, tx, viewer, email, role, new.team_id, now).await?;
        sent.push(invitations::get(tx, id).await?.ok_or_else(Problem::not_found)?);
    }
    Ok(sent)
}

/// Sends the letter again, with a new link; the one before works no more.
pub(crate) async fn resend_invitation(
    app: &App,
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    id: InvitationId,
    now: Timestamp,
) -> Result<Invitation, Problem> {
    roles::take_turn(tx).await?;
    let waiting = invitations::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    let all = roles::roles(tx).await?;
    let role = all.get(role_key(&waiting.role, "/role")?).ok_or_else(|| unknown_role("/role"))?;
    require_invitable(app, viewer, role)?;
    let id = send(app, tx, viewer, &waiting.email, role, waiting.team_id, now).await?;
    invitations::get(tx, id).await?.ok_or_else(Problem::not_found)
}

/// Takes an invitation back.
pub(crate) async fn revoke_invitation(
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    id: InvitationId,
    now: Timestamp,
) -> Result<Invitation, Problem> {
    let waiting = invitations::get(tx, id).await?.ok_or_else(Problem::not_found)?;
    if let Some(role) = roles::roles(tx).await?.get(role_key(&waiting.role, "")?) {
        Authority::of(viewer).require(role, "")?;
    }
    invitations::delete(tx, id).await?;
    let payload = json!({ "email": waiting.email, "role": waiting.role });
    append(tx, &[NewEvent { kind: "invitation.revoked", subject: Subject::of(id), actor: viewer.actor(), at: now, payload }]).await?;
    Ok(waiting)
}

fn require_invitable(app: &App, viewer: &Can<TeamWrite>, role: &RoleFacts) -> Result<(), Problem> {
    if role.key.is_owner() {
        return Err(Problem::field(
            "/role",
            "role.owner",
            "Nobody is invited as an owner: invite them as an admin, then make them an owner",
        ));
    }
    Authority::of(viewer).require(role, "/role")?;
    // Who could go on to change others' roles is not let in by a browser that somebody has left open.
    if governs(role) {
        viewer.require_fresh(app)?;
    }
    Ok(())
}

/// Counts a letter to `email`, and refuses it when there were too many.
pub(super) async fn count_letter(app: &App, viewer: &Can<TeamWrite>, email: &str) -> Result<(), Problem> {
    let (organisation, address) = (format!("invitations:{}", viewer.org_id), format!("invitations:{email}"));
    Ok(throttle(app, &[(&organisation, PER_ORGANISATION), (&address, PER_ADDRESS)]).await?)
}

async fn send(
    app: &App,
    tx: &TenantTx,
    viewer: &Can<TeamWrite>,
    email: &str,
    role: &RoleFacts,
    team: Option<TeamId>,
    now: Timestamp,
) -> Result<InvitationId, Problem> {
    count_letter(app, viewer, email).await?;
    let stamp = Stamp::new(now);
    let stored = role.key.to_string();
    let new = NewInvitation {
        email,
        role: &stored,
        team,
        token_hash: Sha256::digest(invitation_token(app, stamp).as_bytes()).into(),
        invited_by: viewer.user_id,
        created_at: now,
        expires_at: now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX),
    };
    let id = invitations::put(tx, &new).await?;
    send_stamped(tx, TeamLetter::Invitation { id }, stamp).await?;
    let payload = json!({ "email": email, "role": stored, "team": team });
    append(tx, &[NewEvent { kind: "member.invited", subject: Subject::of(id), actor: viewer.actor(), at: now, payload }]).await?;
    Ok(id)
}

/// Each address once, or every one that is none.
fn checked_addresses(given: &[String]) -> Result<Vec<String>, Problem> {
    let (mut addresses, mut errors) = (BTreeSet::new(), Vec::new());
    for (index, text) in given.iter().enumerate() {
        match EmailAddress::parse(text) {
            Ok(email) => {
                addresses.insert(email.as_str().to_owned());
            }
            Err(why) => errors.push(FieldError::new(format!("/emails/{index}"), "email.invalid", format!("{:?} {why}", text.trim()))),
        }
    }
    if !errors.is_empty() {
        return Err(Problem::invalid(errors));
    }
    match addresses.len() {
        0 => Err(Problem::field("/emails", "emails.missing", "Name at least one address")),
        1..=AT_ONCE => Ok(addresses.into_iter().collect()),
        _ => Err(Problem::field("/emails", "emails.many", format!("At most {AT_ONCE} addresses in one go: split the list"))),
    }
}
