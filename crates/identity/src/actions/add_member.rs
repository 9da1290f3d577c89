use db::DbError;
use events::{NewEvent, Subject, append};
use http_kit::{App, FieldError, Problem};
use kernel::{EmailAddress, UserId};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

use super::checked_name;
use crate::{
    Can, Role, TeamWrite, password,
    store::{self, NewUser},
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
    /// `admin`, `manager`, `rep` or `viewer`.
    #[serde(default)]
    pub role: String,
    #[serde(default)]
    pub password: String,
    /// A form's hidden field; read by the extractor.
    #[serde(default)]
    #[schema(ignore)]
    pub idempotency_key: Option<String>,
}

/// Why nobody was added.
#[derive(Debug, thiserror::Error)]
pub enum AddMemberError {
    #[error("some fields need correction")]
    Invalid(Vec<FieldError>),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("the password could not be hashed: {0}")]
    Hash(String),
}

/// Creates the person and their membership. Owners are made by sign-up only.
pub async fn add_member(app: &App, viewer: &Can<TeamWrite>, new: NewMember) -> Result<UserId, AddMemberError> {
    let name = checked_name(&new.name, "The name");
    let email = EmailAddress::parse(&new.email);
    let role = new.role.parse::<Role>().ok().filter(|role| *role != Role::Owner);
    let weakness = password::weakness(&new.password, &[&new.email, &new.name]);
    let (Ok(name), Ok(email), Some(role), None) = (&name, &email, role, &weakness) else {
        let problems = [
            name.err().map(|why| FieldError::new("/name", "name.invalid", why)),
            email.err().map(|why| FieldError::new("/email", "email.invalid", format!("The address {why}"))),
            role.is_none().then(|| FieldError::new("/role", "role.invalid", "The role must be admin, manager, rep or viewer")),
            weakness.map(|why| FieldError::new("/password", "password.weak", format!("The password {}", why.text))),
        ];
        return Err(AddMemberError::Invalid(problems.into_iter().flatten().collect()));
    };
    let hash = password::hash(new.password).await.map_err(AddMemberError::Hash)?;
    let (user, now) = (UserId::new(), app.clock.now());
    let tx = app.db.system().await?;
    let new = NewUser { id: user, email: email.as_str(), name, password_hash: Some(&hash), confirmed: true, user_metadata: &json!({}) };
    store::insert_user(&tx, &new, now).await.map_err(|error| match error.constraint() {
        Some("users_email_key") => AddMemberError::Invalid(vec![FieldError::new(
            "/email",
            "email.taken",
            "This address has an account already; one person, one account",
        )]),
        _ => AddMemberError::Db(error),
    })?;
    store::insert_membership(&tx, viewer.org_id, user, role.as_str(), now).await?;
    let tx = tx.enter(&viewer.scope).await?;
    let payload = json!({ "role": role.as_str() });
    append(&tx, &[NewEvent { kind: "member.added", subject: Subject::of(user), actor: viewer.actor(), at: now, payload }]).await?;
    tx.commit().await?;
    Ok(user)
}

impl From<AddMemberError> for Problem {
    fn from(error: AddMemberError) -> Self {
        match error {
            AddMemberError::Invalid(errors) => Self::invalid(errors),
            AddMemberError::Db(error) => error.into(),
            AddMemberError::Hash(error) => Self::internal(&error),
        }
    }
}
