//! The keys of the gateway: HS256 tokens that say which kind of program calls, not who uses it.

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http_kit::{App, Config};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};

use crate::AuthError;

/// Which kind of program calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyRole {
    /// Anybody's browser: whoever uses it must sign in.
    Anon,
    /// A trusted server, which may do everything that the Auth API can.
    ServiceRole,
}

impl KeyRole {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Anon => "anon",
            Self::ServiceRole => "service_role",
        }
    }

    const fn variable(self) -> &'static str {
        match self {
            Self::Anon => "ANON_KEY",
            Self::ServiceRole => "SERVICE_ROLE_KEY",
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct KeyClaims {
    #[serde(default)]
    iss: String,
    role: KeyRole,
    #[serde(default)]
    iat: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    exp: Option<i64>,
}

/// Why the server does not start with these keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error(
        "{0} is set and JWT_SECRET is not: set JWT_SECRET to the secret that signed it, or unset {0}, and `leadline admin supabase-keys` prints a fresh one"
    )]
    NoSecret(&'static str),
    #[error(
        "{0} is not signed by JWT_SECRET: both must come from the same project; or unset {0}, and `leadline admin supabase-keys` prints one that fits"
    )]
    NotSigned(&'static str),
    #[error("{0} has the role {1}: ANON_KEY needs the role anon, SERVICE_ROLE_KEY the role service_role. Were they swapped?")]
    WrongRole(&'static str, &'static str),
    #[error("{0} has expired: unset it, and `leadline admin supabase-keys` prints a fresh one")]
    Expired(&'static str),
    #[error("a key could not be signed: {0}")]
    Signing(#[from] jsonwebtoken::errors::Error),
}

/// When keys of our own making were issued and end: fixed, so that each start makes the same ones.
const ISSUED: i64 = 1_735_689_600; // 2025-01-01
const EXPIRES: i64 = 4_102_444_800; // 2100-01-01

/// The two keys of this installation, and what verifies every key that its secret has signed.
#[derive(Clone)]
pub struct Keys {
    verifier: DecodingKey,
    anon: String,
    service_role: String,
}

impl Keys {
    /// The configured keys, checked; what is not configured is derived from the installation's secret.
    pub fn open(config: &Config, now: Timestamp) -> Result<Arc<Self>, KeyError> {
        let auth = &config.auth;
        let secret = auth.jwt_secret.clone().unwrap_or_else(|| BASE64_URL_SAFE_NO_PAD.encode(config.secret.sign("jwt secret", b"HS256")));
        let signer = EncodingKey::from_secret(secret.as_bytes());
        let verifier = DecodingKey::from_secret(secret.as_bytes());
        let key = |configured: &Option<String>, role: KeyRole| match configured {
            Some(key) => check(&verifier, key, role, auth.jwt_secret.is_some(), now).map(|()| key.clone()),
            None => {
                let claims = KeyClaims { iss: "leadline".to_owned(), role, iat: ISSUED, exp: Some(EXPIRES) };
                Ok(encode(&Header::new(Algorithm::HS256), &claims, &signer)?)
            }
        };
        let (anon, service_role) = (key(&auth.anon_key, KeyRole::Anon)?, key(&auth.service_role_key, KeyRole::ServiceRole)?);
        Ok(Arc::new(Self { verifier, anon, service_role }))
    }

    /// The keys of the running application.
    pub fn of(app: &App) -> Result<&Self, AuthError> {
        app.extension::<Arc<Self>>().map(AsRef::as_ref).ok_or_else(|| AuthError::unexpected(&"the gateway's keys were not opened"))
    }

    /// For programs in a browser.
    pub fn anon(&self) -> &str {
        &self.anon
    }

    /// For trusted servers.
    pub fn service_role(&self) -> &str {
        &self.service_role
    }

    /// What a presented key stands for; `None`: not one of ours, or expired.
    pub fn role(&self, key: &str, now: Timestamp) -> Option<KeyRole> {
        let claims = claims(&self.verifier, key)?;
        claims.exp.is_none_or(|exp| now.as_second() < exp).then_some(claims.role)
    }
}

fn claims(verifier: &DecodingKey, key: &str) -> Option<KeyClaims> {
    let mut checks = Validation::new(Algorithm::HS256);
    checks.set_required_spec_claims::<&str>(&[]);
    // Expiry is business time, which the crate cannot know; keys have no audience.
    checks.validate_exp = false;
    checks.validate_aud = false;
    decode::<KeyClaims>(key, verifier, &checks).ok().map(|data| data.claims)
}

fn check(verifier: &DecodingKey, key: &str, role: KeyRole, has_secret: bool, now: Timestamp) -> Result<(), KeyError> {
    let variable = role.variable();
    let claims = claims(verifier, key).ok_or(if has_secret { KeyError::NotSigned(variable) } else { KeyError::NoSecret(variable) })?;
    if claims.role != role {
        return Err(KeyError::WrongRole(variable, claims.role.as_str()));
    }
    if claims.exp.is_some_and(|exp| now.as_second() >= exp) {
        return Err(KeyError::Expired(variable));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use http_kit::{AuthConfig, Environment, SecretKey, SignUp};

    use super::*;

    fn open(auth: AuthConfig) -> Result<Arc<Keys>, KeyError> {
        let config = Config {
            environment: Environment::Production,
            public_url: "https://sales.example.com/".parse().unwrap(),
            data_dir: std::path::PathBuf::new(),
            secret: SecretKey::new([3; 32]),
            signup: SignUp::Open,
            trusted_proxies: Vec::new(),
            resend_webhook_secret: None,
            requests_per_minute: 600,
            auth,
        };
        Keys::open(&config, now())
    }

    fn now() -> Timestamp {
        "2026-01-05T09:00:00Z".parse().unwrap()
    }

    fn with(anon: Option<&str>, service: Option<&str>, secret: Option<&str>) -> Result<Arc<Keys>, KeyError> {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        open(AuthConfig { anon_key: owned(anon), service_role_key: owned(service), jwt_secret: owned(secret), ..AuthConfig::default() })
    }

    #[test]
    fn keys_are_the_same_at_every_start_and_tell_their_role() {
        let (first, second) = (with(None, None, None).unwrap(), with(None, None, None).unwrap());
        assert_eq!((first.anon(), first.service_role()), (second.anon(), second.service_role()));
        assert_eq!(first.role(first.anon(), now()), Some(KeyRole::Anon));
        assert_eq!(first.role(first.service_role(), now()), Some(KeyRole::ServiceRole));
        assert_eq!(first.role("eyJhbGciOiJub25lIn0.eyJyb2xlIjoic2VydmljZV9yb2xlIn0.", now()), None);
        assert_eq!(first.role(first.anon(), "2100-01-01T00:00:00Z".parse().unwrap()), None);
    }

    #[test]
    fn configured_keys_belong_to_the_secret_and_to_their_role() {
        let (ours, theirs) = ("a secret of at least 32 characters", "another secret of 32 characters!");
        let keys = with(None, None, Some(ours)).unwrap();
        assert!(with(Some(keys.anon()), Some(keys.service_role()), Some(ours)).is_ok());
        let refusal = |result: Result<Arc<Keys>, KeyError>| result.err().unwrap().to_string();
        assert!(refusal(with(Some(keys.anon()), None, Some(theirs))).starts_with("ANON_KEY is not signed by JWT_SECRET"));
        assert!(refusal(with(None, Some(keys.service_role()), None)).starts_with("SERVICE_ROLE_KEY is set and JWT_SECRET is not"));
        assert!(refusal(with(Some(keys.service_role()), None, Some(ours))).starts_with("ANON_KEY has the role service_role"));
    }
}
