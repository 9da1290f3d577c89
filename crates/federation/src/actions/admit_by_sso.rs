use db::{DbError, SystemTx};
use http_kit::Problem;
use identity::{Client, Role, RoleKey, record_in, store};
use jiff::Timestamp;
use kernel::{EmailAddress, OrgId, UserId};
use serde_json::json;

use crate::{
    profile::Profile,
    provider::{Home, ProviderKey},
    store::people,
};

/// Why somebody whom an organisation's own provider knows does not get in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SsoError {
    #[error("Your identity provider did not tell your e-mail address. Ask who runs it to release the claim \"email\".")]
    NoAddress,
    #[error("Your identity provider says that your e-mail address is not confirmed. Confirm it there first.")]
    Unverified,
    /// An owner is not found by address: whoever may set up the provider would become one.
    #[error("Owners sign in their own way first. Then connect this provider on your account page.")]
    Owner,
    #[error("You do not belong to {0} any more. Only an invitation brings you back.")]
    Removed(String),
    #[error(
        "Your address is at {domain}, and {org} takes in people by itself only from its own domains. Ask somebody there for an invitation."
    )]
    ForeignDomain { org: String, domain: String },
    /// The account belongs to somebody, and an organisation's provider does not say who that is.
    #[error(
        "There is an account with your address already, outside {0}. Sign in to it your own way; an invitation to {0} brings the two together."
    )]
    Elsewhere(String),
    #[error("This account is suspended. Ask the person who runs this server.")]
    Banned,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Finds the person behind a profile that an organisation's provider vouches for, inside that organisation, or
/// makes them there. See the crate's documentation for why it looks nowhere else.
pub(crate) async fn admit_by_sso(
    tx: &SystemTx,
    key: ProviderKey,
    home: &Home,
    profile: &Profile,
    client: &Client,
    now: Timestamp,
) -> Result<UserId, SsoError> {
    let (provider, data) = (key.to_string(), profile.identity_data());
    people::lock(tx, &provider, &profile.subject).await?;
    if let Some(known) = people::by_identity(tx, &provider, &profile.subject).await? {
        refuse_banned(known.banned_until, now)?;
        if people::role_in(tx, home.org, known.user).await?.is_none() {
            let email = profile.email.as_ref().ok_or_else(|| SsoError::Removed(home.org_name.clone()))?;
            if !join_if_invited(tx, home.org, known.user, email, client, now).await? {
                return Err(SsoError::Removed(home.org_name.clone()));
            }
        }
        people::touch_identity(tx, &provider, &profile.subject, &data, now).await?;
        return Ok(known.user);
    }
    let email = profile.email.as_ref().ok_or(SsoError::NoAddress)?;
    // Many providers of companies say nothing here, and answer for their people all the same.
    if profile.email_is_denied {
        return Err(SsoError::Unverified);
    }
    let user = match people::by_email(tx, email).await? {
        Some(holder) => {
            refuse_banned(holder.banned_until, now)?;
            match people::role_in(tx, home.org, holder.user).await?.as_deref() {
                Some("owner") => return Err(SsoError::Owner),
                Some(_) => {}
                None if join_if_invited(tx, home.org, holder.user, email, client, now).await? => {}
                None => return Err(SsoError::Elsewhere(home.org_name.clone())),
            }
            holder.user
        }
        None => newcomer(tx, home, profile, email, client, now).await?,
    };
    people::insert_identity(tx, user, &provider, &profile.subject, &data, now).await?;
    record_in(tx, home.org, user, "identity.linked", &people::facts("sso"), client, now).await?;
    Ok(user)
}

/// Somebody new, with an address that nobody but this provider answers for.
async fn newcomer(
    tx: &SystemTx,
    home: &Home,
    profile: &Profile,
    email: &EmailAddress,
    client: &Client,
    now: Timestamp,
) -> Result<UserId, SsoError> {
    let invited = people::invited_as(tx, home.org, email, now).await?.is_some();
    if !invited && !home.domains.iter().any(|domain| domain == email.domain()) {
        return Err(SsoError::ForeignDomain { org: home.org_name.clone(), domain: email.domain().to_owned() });
    }
    let user = people::insert_person(tx, email, &profile.name, false, &profile.identity_data(), now).await?;
    if !invited || !join_if_invited(tx, home.org, user, email, client, now).await? {
        let role = default_role(tx, home).await?.to_string();
        store::insert_membership(tx, home.org, user, &role, now).await?;
        record_in(tx, home.org, user, "member.joined", &json!({ "role": role, "by": "sso" }), client, now).await?;
    }
    Ok(user)
}

async fn join_if_invited(
    tx: &SystemTx,
    org: OrgId,
    user: UserId,
    email: &EmailAddress,
    client: &Client,
    now: Timestamp,
) -> Result<bool, SsoError> {
    let Some(role) = people::invited_as(tx, org, email, now).await? else { return Ok(false) };
    // Ownership is handed over in person.
    if role == Role::Owner.as_str() {
        return Err(SsoError::Owner);
    }
    people::join_as_invited(tx, org, user, email, now).await?;
    record_in(tx, org, user, "member.joined", &json!({ "role": role, "by": "invitation" }), client, now).await?;
    Ok(true)
}

/// The role for newcomers; a role that is gone, or that a hand has written there, looks only.
async fn default_role(tx: &SystemTx, home: &Home) -> Result<RoleKey, SsoError> {
    Ok(match home.default_role.parse() {
        Ok(RoleKey::BuiltIn(role)) if role != Role::Owner => RoleKey::BuiltIn(role),
        Ok(RoleKey::Custom(id)) if people::role_exists(tx, home.org, id).await? => RoleKey::Custom(id),
        _ => RoleKey::BuiltIn(Role::Viewer),
    })
}

fn refuse_banned(until: Option<Timestamp>, now: Timestamp) -> Result<(), SsoError> {
    if until.is_some_and(|until| until > now) { Err(SsoError::Banned) } else { Ok(()) }
}

impl From<SsoError> for Problem {
    fn from(error: SsoError) -> Self {
        match error {
            SsoError::Db(error) => error.into(),
            other => Self::forbidden(other.to_string()),
        }
    }
}
