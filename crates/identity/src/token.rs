//! Access tokens (signed, short-lived) and refresh tokens (a number under a seal).

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use http_kit::SecretKey;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use kernel::{SessionId, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use subtle::ConstantTimeEq;

use crate::signing::SigningKeys;

/// How long an access token is good.
pub const ACCESS_LIFETIME: SignedDuration = SignedDuration::from_hours(1);
/// Whom access tokens are for, as Supabase Auth says it.
pub const AUDIENCE: &str = "authenticated";

/// One way in which the person of a session has proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amr {
    pub method: String,
    /// Seconds since 1970.
    pub timestamp: i64,
}

/// What an access token says (the claims of Supabase Auth).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub sub: Uuid,
    pub aud: String,
    pub exp: i64,
    pub iat: i64,
    pub email: String,
    pub phone: String,
    pub app_metadata: Value,
    pub user_metadata: Value,
    pub role: String,
    /// `aal1` or `aal2`.
    pub aal: String,
    pub amr: Vec<Amr>,
    pub session_id: Uuid,
    pub is_anonymous: bool,
}

/// Why a token is no good. Callers say less: which check failed helps only who forges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("is not a token of ours")]
    Invalid,
    #[error("has expired")]
    Expired,
    /// Signed by a key that this node has not seen.
    #[error("is signed by an unknown key")]
    UnknownKey,
}

/// Signs `claims` with the current key.
pub(crate) fn sign(keys: &SigningKeys, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
    let (signer, kid) = keys.signer();
    encode(&Header { kid: Some(kid.to_string()), ..Header::new(Algorithm::ES256) }, claims, signer)
}

/// Signs what is no access token: it has another `typ`, and none of the claims that one must have.
pub(crate) fn seal(keys: &SigningKeys, kind: &str, content: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
    let (signer, kid) = keys.signer();
    encode(&Header { kid: Some(kid.to_string()), typ: Some(kind.to_owned()), ..Header::new(Algorithm::ES256) }, content, signer)
}

/// Checks everything that the token itself can show. The algorithm is ours to choose, not the token's;
/// its `kid` is looked up among our own keys and means nothing else.
pub(crate) fn verify(keys: &SigningKeys, issuer: &str, token: &str, now: Timestamp) -> Result<Claims, TokenError> {
    let header = decode_header(token).map_err(|_| TokenError::Invalid)?;
    if header.alg != Algorithm::ES256 {
        return Err(TokenError::Invalid);
    }
    let kid = header.kid.and_then(|kid| Uuid::try_parse(&kid).ok()).ok_or(TokenError::Invalid)?;
    let key = keys.verifier(kid).ok_or(TokenError::UnknownKey)?;
    let mut checks = Validation::new(Algorithm::ES256);
    checks.set_audience(&[AUDIENCE]);
    checks.set_issuer(&[issuer]);
    checks.set_required_spec_claims(&["exp", "aud", "iss", "sub"]);
    // Expiry is business time, which the crate cannot know.
    checks.validate_exp = false;
    let claims = decode::<Claims>(token, key, &checks).map_err(|_| TokenError::Invalid)?.claims;
    if is_past(claims.exp, now) { Err(TokenError::Expired) } else { Ok(claims) }
}

/// Whether the second `exp` is over.
pub(crate) fn is_past(exp: i64, now: Timestamp) -> bool {
    now.as_second() >= exp
}

const PURPOSE: &str = "refresh token";

/// The `counter`-th refresh token of a session: its id, the number, and a seal over both, so that the
/// database holds nothing that a thief could present.
pub(crate) fn refresh_token(secret: &SecretKey, session: SessionId, counter: i64) -> String {
    let body = refresh_body(session, counter);
    let seal = secret.sign(PURPOSE, &body);
    BASE64_URL_SAFE_NO_PAD.encode([body.as_slice(), seal.as_slice()].concat())
}

/// The session and number of a refresh token that is one of ours.
pub(crate) fn read_refresh_token(secret: &SecretKey, token: &str) -> Option<(SessionId, i64)> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 56)?;
    let (body, seal) = bytes.split_at_checked(24)?;
    if !bool::from(secret.sign(PURPOSE, body).ct_eq(seal)) {
        return None;
    }
    let (id, counter) = body.split_at_checked(16)?;
    Some((Uuid::from_slice(id).ok()?.into(), i64::from_be_bytes(counter.try_into().ok()?)))
}

fn refresh_body(session: SessionId, counter: i64) -> [u8; 24] {
    let mut body = [0; 24];
    let bytes = session.uuid().into_bytes().into_iter().chain(counter.to_be_bytes());
    for (slot, byte) in body.iter_mut().zip(bytes) {
        *slot = byte;
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_is_read_by_its_maker_only() {
        let secret = SecretKey::new([7; 32]);
        let session = SessionId::new();
        let token = refresh_token(&secret, session, 7);
        assert_eq!(read_refresh_token(&secret, &token), Some((session, 7)));
        assert_eq!(read_refresh_token(&SecretKey::new([8; 32]), &token), None);
        for at in [0, 20, 40, 70] {
            let mut forged = token.clone().into_bytes();
            forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(read_refresh_token(&secret, &String::from_utf8(forged).unwrap()), None, "byte {at}");
        }
        assert_eq!(read_refresh_token(&secret, ""), None);
    }
}
