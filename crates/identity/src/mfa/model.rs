use jiff::{SignedDuration, Timestamp};
use kernel::FactorId;
use serde::Serialize;
use utoipa::ToSchema;

/// Second factors of one person, begun ones included.
pub(super) const MOST_FACTORS: i64 = 10;
/// A question that nobody answers is worth nothing after this long.
pub(super) const CHALLENGE_LIFETIME: SignedDuration = SignedDuration::from_mins(5);
/// An enrolment that nobody finishes is forgotten after this long.
pub(super) const UNFINISHED_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// Wrong codes that one challenge bears.
pub(super) const GUESSES: i32 = 5;

/// What a second factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactorKind {
    /// Codes of an authenticator app (RFC 6238).
    Totp,
    /// A passkey (WebAuthn).
    Webauthn,
}

impl FactorKind {
    /// The stored form, and Supabase Auth's `factor_type`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Webauthn => "webauthn",
        }
    }
}

impl std::str::FromStr for FactorKind {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Totp, Self::Webauthn].into_iter().find(|kind| kind.as_str() == text).ok_or(())
    }
}

/// Whether its owner has shown it once; until then it protects nothing and opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactorStatus {
    Unverified,
    Verified,
}

impl FactorStatus {
    /// The stored form, and Supabase Auth's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unverified => "unverified",
            Self::Verified => "verified",
        }
    }
}

/// A second factor, without its secret.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Factor {
    pub id: FactorId,
    pub kind: FactorKind,
    pub status: FactorStatus,
    /// What its owner calls it; may be empty.
    pub friendly_name: String,
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_challenged_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
}

impl Factor {
    /// Whether it counts.
    pub fn is_verified(&self) -> bool {
        self.status == FactorStatus::Verified
    }

    /// What to call it where it has no name.
    pub fn label(&self) -> &str {
        match (self.friendly_name.as_str(), self.kind) {
            ("", FactorKind::Totp) => "Authenticator app",
            ("", FactorKind::Webauthn) => "Passkey",
            (name, _) => name,
        }
    }
}

/// Trims a factor's name and says what is wrong with it.
pub(super) fn checked_name(text: &str) -> Result<String, &'static str> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if name.chars().count() > 100 {
        Err("The name is longer than 100 characters")
    } else if name.chars().any(char::is_control) {
        Err("The name contains a control character")
    } else {
        Ok(name)
    }
}
