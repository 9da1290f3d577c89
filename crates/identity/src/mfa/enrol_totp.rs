use db::DbError;
use http_kit::{App, Problem};
use kernel::{FactorId, UserId};

use super::{
    model::{MOST_FACTORS, UNFINISHED_LIFETIME, checked_name},
    store::{self, NewFactor},
    totp,
};
use crate::Principal;

/// An authenticator app about to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewTotp<'a> {
    pub user: UserId,
    /// The assurance level of the session that asks.
    pub aal: i16,
    /// The account's name in the app.
    pub email: &'a str,
    /// What the person calls the app; may be empty.
    pub friendly_name: &'a str,
    /// The service's name in the app.
    pub issuer: &'a str,
}

/// What the app needs to know. Told once.
#[derive(Clone)]
pub struct TotpEnrolment {
    pub id: FactorId,
    pub friendly_name: String,
    /// Base32, to type in.
    pub secret: String,
    /// `otpauth://…`, to open.
    pub uri: String,
    /// The same as a QR code, in SVG.
    pub qr: String,
}

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub enum EnrolError {
    /// `Some`: that name; the person has a factor of that name already.
    #[error("A factor with the friendly name \"{0}\" for this user already exists")]
    NameConflict(String),
    #[error("{0}")]
    Name(&'static str),
    #[error("Maximum number of verified factors reached, unenroll to continue")]
    TooMany,
    /// Who has a second factor shows it before adding another.
    #[error("AAL2 required to enroll a new factor")]
    InsufficientAal,
    #[error("{0:?}")]
    Problem(Problem),
}

/// Begins the enrolment of an authenticator app: it counts once a code of it has been shown ([`super::verify`]).
pub async fn enrol_totp(app: &App, new: NewTotp<'_>) -> Result<TotpEnrolment, EnrolError> {
    let name = checked_name(new.friendly_name).map_err(EnrolError::Name)?;
    let now = app.clock.now();
    let id = FactorId::new();
    let secret = rand::random::<[u8; totp::SECRET_BYTES]>();
    let begun = describe(id, name, &secret, new.email, new.issuer)?;
    let sealed = app.vault.seal(&store::secret_context(id), &secret).map_err(Problem::from)?;
    let tx = app.db.system().await?;
    // One enrolment of a person at a time: two must not both be the tenth.
    store::lock_person(&tx, new.user).await?;
    store::forget_unfinished(&tx, new.user, now.checked_sub(UNFINISHED_LIFETIME).unwrap_or(now)).await?;
    let (all, verified) = store::count(&tx, new.user).await?;
    if verified > 0 && new.aal < 2 {
        return Err(EnrolError::InsufficientAal);
    }
    if all >= MOST_FACTORS {
        return Err(EnrolError::TooMany);
    }
    let factor =
        NewFactor { id, user: new.user, kind: super::FactorKind::Totp, name: &begun.friendly_name, secret: &sealed, credential_id: None };
    store::insert(&tx, &factor, now).await.map_err(|error| match error.constraint() {
        Some("mfa_factors_name") => EnrolError::NameConflict(begun.friendly_name.clone()),
        _ => error.into(),
    })?;
    tx.commit().await?;
    Ok(begun)
}

/// Forgets what the person began and did not finish, and finds a name like `name` that no factor of theirs has.
pub(crate) async fn begin_again(app: &App, user: UserId, name: &str) -> Result<String, DbError> {
    let tx = app.db.system().await?;
    store::forget_unfinished(&tx, user, app.clock.now()).await?;
    tx.commit().await?;
    let taken = store::factors(&app.db, user).await?;
    let candidates = std::iter::once(name.to_owned()).chain((2..=MOST_FACTORS + 1).map(|number| format!("{name} {number}")));
    let free = candidates.into_iter().find(|candidate| taken.iter().all(|factor| factor.friendly_name != *candidate));
    Ok(free.unwrap_or_default())
}

/// What the app needs to know, again, while the enrolment is unfinished. `None`: the person has begun no such thing.
pub(crate) async fn unfinished_totp(
    app: &App,
    person: &Principal,
    factor: FactorId,
    issuer: &str,
) -> Result<Option<TotpEnrolment>, Problem> {
    let tx = app.db.system().await?;
    let Some((friendly_name, sealed)) = store::unfinished(&tx, person.user, factor).await? else { return Ok(None) };
    let secret = app.vault.reveal(&store::secret_context(factor), &sealed)?;
    describe(factor, friendly_name, &secret, &person.email, issuer).map(Some)
}

fn describe(id: FactorId, friendly_name: String, secret: &[u8], email: &str, issuer: &str) -> Result<TotpEnrolment, Problem> {
    let generator = totp::generator(secret, email, issuer).map_err(|error| Problem::internal(&error))?;
    let uri = generator.to_url().map_err(|error| Problem::internal(&error))?;
    let qr = totp::qr_svg(&uri).ok_or_else(|| Problem::internal(&"an otpauth address does not fit into a QR code"))?;
    Ok(TotpEnrolment { id, friendly_name, secret: generator.secret().to_base32(), uri, qr })
}

impl From<DbError> for EnrolError {
    fn from(error: DbError) -> Self {
        Self::Problem(error.into())
    }
}

impl From<Problem> for EnrolError {
    fn from(problem: Problem) -> Self {
        Self::Problem(problem)
    }
}

/// As our own pages say it.
impl From<EnrolError> for Problem {
    fn from(error: EnrolError) -> Self {
        match error {
            EnrolError::NameConflict(name) => Self::field(
                "/friendly_name",
                "friendly_name.taken",
                format!("You have a factor called “{name}” already. Choose another name"),
            ),
            EnrolError::Name(why) => Self::field("/friendly_name", "friendly_name.invalid", why),
            EnrolError::TooMany => Self::conflict(format!("You have {MOST_FACTORS} second factors. Remove one before you add another.")),
            EnrolError::InsufficientAal => {
                Self::forbidden("Show the second factor that you have before you add another.").remedy("/login/factor")
            }
            EnrolError::Problem(problem) => problem,
        }
    }
}
