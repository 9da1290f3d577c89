//! The id token (OpenID Connect Core 1.0, section 3.1.3.7): the provider's signed word about who came.

use identity::jwks::{KeyError, KeySets};
use jiff::Timestamp;
use jsonwebtoken::{Validation, decode, decode_header};
use outbound::Outbound;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::metadata::Metadata;

/// Clocks differ; seconds.
const LEEWAY: i64 = 60;

/// What we check or use of it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct IdToken {
    pub(crate) sub: String,
    aud: Value,
    azp: Option<String>,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    nonce: Option<String>,
    #[serde(flatten)]
    pub(crate) claims: Map<String, Value>,
}

/// Why an id token is not believed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum IdTokenError {
    #[error("the id token {0}")]
    Key(#[from] KeyError),
    #[error("the id token is malformed, badly signed, or of another issuer or audience: {0}")]
    Invalid(#[from] jsonwebtoken::errors::Error),
    #[error("the id token is for several parties and does not name us as the one that asked")]
    Party,
    #[error("the id token has expired, or is from the future")]
    Time,
    #[error("the id token carries another nonce")]
    Nonce,
    #[error("the id token names nobody")]
    Subject,
}

/// What the token must match.
pub(crate) struct Expected<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) nonce: &'a str,
    /// LinkedIn leaves it out. State, PKCE and our secret bind the code all the same.
    pub(crate) nonce_may_be_missing: bool,
    pub(crate) now: Timestamp,
}

/// Checks a token. Its algorithm is one of ours and fits the key that the provider publishes; a shared secret
/// or none at all is never accepted.
pub(crate) async fn verify(
    outbound: &Outbound,
    keys: &KeySets,
    metadata: &Metadata,
    token: &str,
    expected: &Expected<'_>,
) -> Result<IdToken, IdTokenError> {
    let header = decode_header(token)?;
    let key = keys.key(outbound, &metadata.jwks_uri, &header).await?;
    let mut checks = Validation::new(header.alg);
    checks.set_audience(&[expected.client_id]);
    checks.set_issuer(&[&metadata.issuer]);
    checks.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    // Expiry is business time, which the crate cannot know.
    checks.validate_exp = false;
    let token = decode::<IdToken>(token, &key, &checks)?.claims;
    let is_ours = match &token.azp {
        Some(party) => party == expected.client_id,
        None => token.aud.as_array().is_none_or(|parties| parties.len() == 1),
    };
    if !is_ours {
        return Err(IdTokenError::Party);
    }
    let now = expected.now.as_second();
    let begins = token.nbf.unwrap_or(i64::MIN).max(token.iat.unwrap_or(i64::MIN));
    if token.exp.saturating_add(LEEWAY) <= now || begins > now.saturating_add(LEEWAY) {
        return Err(IdTokenError::Time);
    }
    match &token.nonce {
        Some(nonce) if nonce == expected.nonce => {}
        None if expected.nonce_may_be_missing => {}
        _ => return Err(IdTokenError::Nonce),
    }
    // 255 ASCII characters at most (section 2).
    if token.sub.is_empty() || token.sub.len() > 255 {
        return Err(IdTokenError::Subject);
    }
    Ok(token)
}
