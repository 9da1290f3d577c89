use std::time::Duration;

use db::{DbError, Scope, SystemTx};
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem, SignUp};
use jiff::Timestamp;
use kernel::{Actor, EmailAddress, OrgId, UserId};
use serde::Deserialize;
use serde_json::json;

use super::checked_name;
use crate::{
    Client, Role,
    mailing::{MailFlowError, MailRequest, NewPerson, Via, request_mail},
    one_time::Purpose,
    password,
    store::{self, NewUser},
};

/// A person and the organisation they found.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewOrganisation {
    pub organisation: String,
    pub name: String,
    pub email: String,
    pub password: String,
}

/// Why nobody was signed up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error("some fields need correction")]
    Invalid(Vec<FieldError>),
    /// Too many mails, to this address or from this visitor.
    #[error("too many mails")]
    Throttled(Duration),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// Whether a visitor may sign up here, by `LEADLINE_SIGNUP`.
pub(crate) async fn allowed(app: &App) -> Result<(), Problem> {
    let open = match app.config.signup {
        SignUp::Open => true,
        SignUp::Closed => false,
        SignUp::First => !store::any_organisation(&app.db).await?,
    };
    if open {
        Ok(())
    } else {
        Err(Problem::forbidden("Nobody can sign up here by themselves. Ask the person who invited you, or who runs this server."))
    }
}

/// Creates the person, the organisation and its owner in one transaction. Whoever calls this knows that the
/// address is theirs, or needs no proof ([`http_kit::AuthConfig::confirm_email`]).
pub async fn sign_up(app: &App, new: NewOrganisation) -> Result<(UserId, OrgId), SignUpError> {
    let Checked { organisation, name, email, hash } = check(new).await?;
    let (user, now) = (UserId::new(), app.clock.now());
    let tx = app.db.system().await?;
    let new =
        NewUser { id: user, email: email.as_str(), name: &name, password_hash: Some(&hash), confirmed: true, user_metadata: &json!({}) };
    store::insert_user(&tx, &new, now).await.map_err(|error| match error.constraint() {
        Some("users_email_key") => {
            SignUpError::Invalid(vec![FieldError::new("/email", "email.taken", "This address has an account already: sign in instead")])
        }
        _ => SignUpError::Db(error),
    })?;
    Ok((user, found_in(tx, user, &organisation, now).await?))
}

/// Mails a link that creates the person; the organisation is founded when it is followed. Tells a known
/// address nothing but by a mail of its own, so nothing here depends on who has it. Returns the address.
pub(crate) async fn request_sign_up(app: &App, new: NewOrganisation, client: &Client) -> Result<String, SignUpError> {
    let Checked { organisation, name, email, hash } = check(new).await?;
    let email = String::from(email);
    let request = MailRequest {
        purpose: Purpose::Signup,
        email: email.clone(),
        via: Via::Page { next: "/".to_owned(), organisation: Some(organisation) },
        challenge: None,
        create: Some(NewPerson { id: UserId::new(), name, password_hash: Some(hash), user_metadata: json!({}) }),
        from: Some(client.neighbourhood()),
    };
    request_mail(app, request).await?;
    Ok(email)
}

/// Founds an organisation for somebody who is known; they are its owner.
pub(crate) async fn found(app: &App, user: UserId, organisation: &str) -> Result<OrgId, SignUpError> {
    let organisation = checked_name(organisation, "The organisation's name")
        .map_err(|why| SignUpError::Invalid(vec![FieldError::new("/organisation", "organisation.invalid", why)]))?;
    Ok(found_in(app.db.system().await?, user, &organisation, app.clock.now()).await?)
}

async fn found_in(tx: SystemTx, user: UserId, organisation: &str, now: Timestamp) -> Result<OrgId, DbError> {
    let org = OrgId::new();
    store::insert_organisation(&tx, org, organisation, now).await?;
    store::insert_membership(&tx, org, user, Role::Owner.as_str(), now).await?;
    let tx = tx.enter(&Scope::whole(org)).await?;
    let event = NewEvent { kind: "organisation.created", subject: Subject::of(org), actor: Actor::User(user), at: now, payload: json!({}) };
    append(&tx, &[event]).await?;
    tx.commit().await?;
    Ok(org)
}

/// What was typed, found good, with the password hashed: always, so that every answer takes that long.
struct Checked {
    organisation: String,
    name: String,
    email: EmailAddress,
    hash: String,
}

async fn check(new: NewOrganisation) -> Result<Checked, SignUpError> {
    let organisation = checked_name(&new.organisation, "The organisation's name");
    let name = checked_name(&new.name, "Your name");
    let email = EmailAddress::parse(&new.email);
    let weakness = password::weakness(&new.password, &[&new.email, &new.name, &new.organisation]);
    match (organisation, name, email, weakness) {
        (Ok(organisation), Ok(name), Ok(email), None) => {
            let hash = password::hash(new.password).await.map_err(SignUpError::Hash)?;
            Ok(Checked { organisation, name, email, hash })
        }
        (organisation, name, email, weakness) => {
            let problems = [
                organisation.err().map(|why| FieldError::new("/organisation", "organisation.invalid", why)),
                name.err().map(|why| FieldError::new("/name", "name.invalid", why)),
                email.err().map(|why| FieldError::new("/email", "email.invalid", format!("The address {why}"))),
                weakness.map(|why| FieldError::new("/password", "password.weak", format!("The password {}", why.text))),
            ];
            Err(SignUpError::Invalid(problems.into_iter().flatten().collect()))
        }
    }
}

impl From<MailFlowError> for SignUpError {
    fn from(error: MailFlowError) -> Self {
        match error {
            MailFlowError::Throttled(wait) => Self::Throttled(wait),
            MailFlowError::Db(error) => Self::Db(error),
        }
    }
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Invalid(errors) => Self::invalid(errors),
            SignUpError::Throttled(wait) => Self::too_many(wait),
            SignUpError::Db(error) => error.into(),
            SignUpError::Hash(error) => Self::internal(&error),
        }
    }
}
