use db::{DbError, Scope};
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem, SignUp};
use kernel::{Actor, EmailAddress, OrgId, UserId};
use serde::Deserialize;
use serde_json::json;

use super::checked_name;
use crate::{
    Role, password,
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

/// Creates the person, the organisation and its owner in one transaction.
pub async fn sign_up(app: &App, new: NewOrganisation) -> Result<(UserId, OrgId), SignUpError> {
    let organisation = checked_name(&new.organisation, "The organisation's name");
    let name = checked_name(&new.name, "Your name");
    let email = EmailAddress::parse(&new.email);
    let weakness = password::weakness(&new.password, &[&new.email, &new.name, &new.organisation]);
    let (Ok(organisation), Ok(name), Ok(email), None) = (&organisation, &name, &email, &weakness) else {
        let problems = [
            organisation.err().map(|why| FieldError::new("/organisation", "organisation.invalid", why)),
            name.err().map(|why| FieldError::new("/name", "name.invalid", why)),
            email.err().map(|why| FieldError::new("/email", "email.invalid", format!("The address {why}"))),
            weakness.map(|why| FieldError::new("/password", "password.weak", format!("The password {}", why.text))),
        ];
        return Err(SignUpError::Invalid(problems.into_iter().flatten().collect()));
    };
    let hash = password::hash(new.password).await.map_err(SignUpError::Hash)?;
    let (user, org, now) = (UserId::new(), OrgId::new(), app.clock.now());
    let tx = app.db.system().await?;
    let new = NewUser { id: user, email: email.as_str(), name, password_hash: Some(&hash), confirmed: true, user_metadata: &json!({}) };
    store::insert_user(&tx, &new, now).await.map_err(|error| match error.constraint() {
        Some("users_email_key") => {
            SignUpError::Invalid(vec![FieldError::new("/email", "email.taken", "This address has an account already: sign in instead")])
        }
        _ => SignUpError::Db(error),
    })?;
    store::insert_organisation(&tx, org, organisation, now).await?;
    store::insert_membership(&tx, org, user, Role::Owner.as_str(), now).await?;
    let tx = tx.enter(&Scope::whole(org)).await?;
    let event = NewEvent { kind: "organisation.created", subject: Subject::of(org), actor: Actor::User(user), at: now, payload: json!({}) };
    append(&tx, &[event]).await?;
    tx.commit().await?;
    Ok((user, org))
}

impl From<SignUpError> for Problem {
    fn from(error: SignUpError) -> Self {
        match error {
            SignUpError::Invalid(errors) => Self::invalid(errors),
            SignUpError::Db(error) => error.into(),
            SignUpError::Hash(error) => Self::internal(&error),
        }
    }
}
