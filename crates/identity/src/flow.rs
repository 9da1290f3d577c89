//! Authorization codes of the PKCE flow (RFC 7636): made when somebody has proved who they are in a
//! browser, exchanged once by the program that had asked for it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use db::{DbError, SystemTx};
use jiff::{SignedDuration, Timestamp};
use kernel::{OrgId, UserId, Uuid};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use vault::{Vault, VaultError};

use crate::{one_time::Challenge, session::Method};

/// How long the browser may take to bring the code to its program.
pub const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// What an identity provider handed out; given to the program once, with its session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderTokens {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider_refresh_token: Option<String>,
}

/// What a code stands for.
#[derive(Debug, Clone)]
pub struct Flow {
    pub user: UserId,
    /// How they proved who they are; becomes the session's `amr`.
    pub method: Method,
    /// Vouched for by this organisation's own identity provider.
    pub only_org: Option<OrgId>,
    pub provider_tokens: Option<ProviderTokens>,
}

/// Why a code bought nothing.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// Unknown, or exchanged before.
    #[error("invalid flow state, no valid flow state found")]
    NotFound,
    #[error("invalid flow state, flow state has expired")]
    Expired,
    /// Not by the program that asked.
    #[error("code challenge does not match previously saved code verifier")]
    Verifier,
    #[error(transparent)]
    Vault(#[from] VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Makes the code that answers `challenge`.
pub async fn issue(tx: &SystemTx, vault: &Vault, flow: &Flow, challenge: &Challenge, now: Timestamp) -> Result<String, ExchangeError> {
    // In the form of a UUID, as clients know it.
    let code = Uuid::from_bytes(rand::random()).to_string();
    let hash = hash(&code);
    let tokens = match &flow.provider_tokens {
        Some(tokens) => Some(vault.seal(&context(&hash), &serde_json::to_vec(tokens).unwrap_or_default())?),
        None => None,
    };
    let expires = now.checked_add(LIFETIME).unwrap_or(Timestamp::MAX);
    tx.execute(
        "INSERT INTO flow_states (code_hash, user_id, method, code_challenge, challenge_method, only_org, provider_tokens, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &[
            &hash.as_slice(),
            &flow.user,
            &flow.method.as_str(),
            &challenge.challenge,
            &challenge.method,
            &flow.only_org,
            &tokens,
            &now,
            &expires,
        ],
    )
    .await
    .map_err(ExchangeError::Db)?;
    Ok(code)
}

/// Exchanges a code, once. A wrong verifier leaves it to whoever has the right one, which cannot be guessed.
pub async fn exchange(tx: &SystemTx, vault: &Vault, code: &str, verifier: &str, now: Timestamp) -> Result<Flow, ExchangeError> {
    let hash = hash(code);
    let row = tx
        .query_opt(
            "SELECT user_id, method, code_challenge, challenge_method, only_org, provider_tokens, expires_at
             FROM flow_states WHERE code_hash = $1 FOR UPDATE",
            &[&hash.as_slice()],
        )
        .await?
        .ok_or(ExchangeError::NotFound)?;
    let get = |error| ExchangeError::Db(DbError::from(error));
    if row.try_get::<_, Timestamp>(6).map_err(get)? <= now {
        return Err(ExchangeError::Expired);
    }
    let challenge = Challenge { challenge: row.try_get(2).map_err(get)?, method: row.try_get(3).map_err(get)? };
    if !answers(&challenge, verifier) {
        return Err(ExchangeError::Verifier);
    }
    tx.execute("DELETE FROM flow_states WHERE code_hash = $1", &[&hash.as_slice()]).await?;
    let sealed: Option<Vec<u8>> = row.try_get(5).map_err(get)?;
    let provider_tokens = match sealed {
        Some(sealed) => serde_json::from_slice(&vault.reveal(&context(&hash), &sealed)?).ok(),
        None => None,
    };
    let method: String = row.try_get(1).map_err(get)?;
    let method = method.parse().map_err(|()| DbError::Config(format!("a flow state of the unknown method {method:?}")))?;
    Ok(Flow { user: row.try_get(0).map_err(get)?, method, only_org: row.try_get(4).map_err(get)?, provider_tokens })
}

fn answers(challenge: &Challenge, verifier: &str) -> bool {
    let presented = match challenge.method.as_str() {
        "s256" => BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())),
        "plain" => verifier.to_owned(),
        _ => return false,
    };
    presented.as_bytes().ct_eq(challenge.challenge.as_bytes()).into()
}

fn hash(code: &str) -> [u8; 32] {
    Sha256::digest(code.as_bytes()).into()
}

fn context(hash: &[u8; 32]) -> String {
    format!("flow_states.provider_tokens/{}", BASE64_URL_SAFE_NO_PAD.encode(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_verifier_behind_a_challenge_answers_it() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = |text: &str, method: &str| Challenge { challenge: text.to_owned(), method: method.to_owned() };
        let hashed = challenge("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "s256");
        assert!(answers(&hashed, verifier));
        assert!(!answers(&hashed, &hashed.challenge) && !answers(&hashed, ""));
        assert!(answers(&challenge(verifier, "plain"), verifier) && !answers(&challenge(verifier, "md5"), verifier));
    }
}
