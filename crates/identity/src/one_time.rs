//! Codes and links that prove an address: six digits to type, or a long token to follow. Each works
//! once; a new one of the same kind ends the one before it.

use std::time::Duration;

use cache::{Rate, Throttled};
use db::{Db, DbError, SystemTx};
use http_kit::{App, SecretKey};
use jiff::{SignedDuration, Timestamp};
use kernel::{UserId, Uuid};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// What a code or link is for, by the words of Supabase Auth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Signup,
    #[serde(rename = "magiclink")]
    MagicLink,
    Recovery,
    Invite,
    /// Sent to the new address.
    EmailChange,
    Reauthentication,
}

impl Purpose {
    /// The stored form, and the `type` of `/verify`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signup => "signup",
            Self::MagicLink => "magiclink",
            Self::Recovery => "recovery",
            Self::Invite => "invite",
            Self::EmailChange => "email_change",
            Self::Reauthentication => "reauthentication",
        }
    }

    /// How long the mail is worth something.
    pub const fn lifetime(self) -> SignedDuration {
        match self {
            Self::Invite => SignedDuration::from_hours(7 * 24),
            Self::Signup | Self::EmailChange => SignedDuration::from_hours(24),
            Self::MagicLink | Self::Recovery | Self::Reauthentication => SignedDuration::from_hours(1),
        }
    }
}

impl std::str::FromStr for Purpose {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let all = [Self::Signup, Self::MagicLink, Self::Recovery, Self::Invite, Self::EmailChange, Self::Reauthentication];
        all.into_iter().find(|purpose| purpose.as_str() == text).ok_or(())
    }
}

/// The first half of PKCE (RFC 7636): the client that asked is the one that will be answered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Challenge {
    pub challenge: String,
    /// `s256` or `plain`.
    pub method: String,
}

/// What goes into the mail.
#[derive(Clone)]
pub struct Issued {
    /// Six digits.
    pub code: String,
    /// For the link; begins with `pkce_` when it answers a challenge.
    pub token: String,
}

/// What was proved.
#[derive(Debug, Clone)]
pub struct Redeemed {
    pub user: UserId,
    pub purpose: Purpose,
    /// The address that received it.
    pub email: String,
    pub challenge: Option<Challenge>,
}

/// Six digits bear so many wrong guesses.
const GUESSES: i32 = 5;
/// And an address so many codes typed in a day, whoever types them: a new code each minute would else give
/// a patient stranger thousands of guesses. Links go on working.
const PER_ADDRESS: Rate = Rate { uses: 30, per: Duration::from_secs(24 * 3600) };

/// Counts a code typed for `email`, which may be nobody's.
pub async fn count_code(app: &App, email: &str) -> Result<(), Throttled> {
    http_kit::throttle(app, &[(&format!("code:address:{email}"), PER_ADDRESS)]).await
}

impl Issued {
    /// A fresh pair.
    fn random(with_challenge: bool) -> Self {
        Self::of(rand::random(), rand::random(), with_challenge)
    }

    /// The pair of a letter: the same whenever it is written anew, and known to nobody without our secret.
    pub(crate) fn of_letter(secret: &SecretKey, letter: Uuid, with_challenge: bool) -> Self {
        let [link, code] = ["letter link", "letter code"].map(|purpose| secret.sign(purpose, letter.as_bytes()));
        Self::of(link, code, with_challenge)
    }

    fn of(link: [u8; 32], code: [u8; 32], with_challenge: bool) -> Self {
        let number = code.iter().take(8).fold(0, |number: u64, byte| (number << 8) | u64::from(*byte));
        let hex: String = link.iter().take(28).map(|byte| format!("{byte:02x}")).collect();
        Self { code: format!("{:06}", number % 1_000_000), token: if with_challenge { format!("pkce_{hex}") } else { hex } }
    }
}

/// Makes the code and link of `purpose` for a person's address.
pub async fn issue(
    tx: &SystemTx,
    secret: &SecretKey,
    user: UserId,
    purpose: Purpose,
    email: &str,
    challenge: Option<&Challenge>,
    now: Timestamp,
) -> Result<Issued, DbError> {
    let issued = Issued::random(challenge.is_some());
    keep(tx, secret, &issued, user, purpose, email, challenge, now).await?;
    Ok(issued)
}

/// Makes `issued` work. See [`issue`].
#[expect(clippy::too_many_arguments, reason = "the columns of one row")]
pub(crate) async fn keep(
    tx: &SystemTx,
    secret: &SecretKey,
    issued: &Issued,
    user: UserId,
    purpose: Purpose,
    email: &str,
    challenge: Option<&Challenge>,
    now: Timestamp,
) -> Result<(), DbError> {
    let expires = now.checked_add(purpose.lifetime()).unwrap_or(Timestamp::MAX);
    tx.execute(
        "INSERT INTO one_time_tokens (id, user_id, kind, email, code_hash, token_hash, code_challenge, challenge_method, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT (user_id, kind) DO UPDATE SET id = excluded.id, email = excluded.email, code_hash = excluded.code_hash,
           token_hash = excluded.token_hash, failures = 0, code_challenge = excluded.code_challenge,
           challenge_method = excluded.challenge_method, created_at = excluded.created_at, expires_at = excluded.expires_at",
        &[
            &Uuid::now_v7(),
            &user,
            &purpose.as_str(),
            &email,
            &code_hash(secret, user, purpose, email, &issued.code).as_slice(),
            &token_hash(&issued.token).as_slice(),
            &challenge.map(|challenge| &challenge.challenge),
            &challenge.map(|challenge| &challenge.method),
            &now,
            &expires,
        ],
    )
    .await?;
    Ok(())
}

/// What a link is for, without using it up: for the page that asks before it acts.
pub async fn peek_link(db: &Db, token: &str, now: Timestamp) -> Result<Option<(Purpose, String)>, DbError> {
    let rows = db
        .read_system(
            "SELECT kind, email FROM one_time_tokens WHERE token_hash = $1 AND expires_at > $2",
            &[&token_hash(token).as_slice(), &now],
        )
        .await?;
    rows.first().map(|row| Ok((purpose(row.try_get(0)?)?, row.try_get(1)?))).transpose()
}

/// Uses up a link's token. `None`: wrong, used, or too old.
pub async fn redeem_link(tx: &SystemTx, token: &str, now: Timestamp) -> Result<Option<Redeemed>, DbError> {
    let row = tx
        .query_opt(
            "DELETE FROM one_time_tokens WHERE token_hash = $1 AND expires_at > $2
             RETURNING user_id, kind, email, code_challenge, challenge_method",
            &[&token_hash(token).as_slice(), &now],
        )
        .await?;
    row.map(|row| {
        let challenge: Option<String> = row.try_get(3)?;
        let method: Option<String> = row.try_get(4)?;
        Ok(Redeemed {
            user: row.try_get(0)?,
            purpose: purpose(row.try_get(1)?)?,
            email: row.try_get(2)?,
            challenge: challenge.zip(method).map(|(challenge, method)| Challenge { challenge, method }),
        })
    })
    .transpose()
}

/// Uses up a typed code of one of `purposes`. `None`: wrong, used, too old, or guessed at too often. The
/// caller commits also then, so that a wrong guess counts.
pub async fn redeem_code(
    tx: &SystemTx,
    secret: &SecretKey,
    purposes: &[Purpose],
    email: &str,
    code: &str,
    now: Timestamp,
) -> Result<Option<Redeemed>, DbError> {
    let kinds: Vec<&str> = purposes.iter().map(|purpose| purpose.as_str()).collect();
    let rows = tx
        .query(
            "SELECT id, user_id, kind, code_hash FROM one_time_tokens WHERE email = $1 AND kind = ANY($2) AND expires_at > $3
             ORDER BY created_at DESC FOR UPDATE",
            &[&email, &kinds, &now],
        )
        .await?;
    for row in rows {
        let (id, user, kind, expected): (Uuid, UserId, String, Vec<u8>) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
        let Ok(purpose) = kind.parse::<Purpose>() else { continue };
        if bool::from(code_hash(secret, user, purpose, email, code).ct_eq(expected.as_slice())) {
            tx.execute("DELETE FROM one_time_tokens WHERE id = $1", &[&id]).await?;
            return Ok(Some(Redeemed { user, purpose, email: email.to_owned(), challenge: None }));
        }
        tx.execute("UPDATE one_time_tokens SET failures = failures + 1 WHERE id = $1", &[&id]).await?;
        tx.execute("DELETE FROM one_time_tokens WHERE id = $1 AND failures >= $2", &[&id, &GUESSES]).await?;
    }
    Ok(None)
}

fn purpose(kind: String) -> Result<Purpose, DbError> {
    kind.parse().map_err(|()| DbError::Config(format!("a one-time token of the unknown kind {kind:?}")))
}

fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Keyed, because a million codes are soon tried against a plain hash.
fn code_hash(secret: &SecretKey, user: UserId, purpose: Purpose, email: &str, code: &str) -> [u8; 32] {
    secret.sign("one-time code", format!("{user} {} {email} {code}", purpose.as_str()).as_bytes())
}
