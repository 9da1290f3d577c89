//! Public keys of others (RFC 7517), fetched when they are needed and remembered: an identity provider's,
//! a hosted Supabase Auth's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use jsonwebtoken::{
    Algorithm, DecodingKey, Header,
    jwk::{AlgorithmParameters, Jwk, PublicKeyUse},
};
use outbound::{Outbound, OutboundError};
use serde::Deserialize;

/// The algorithms that others may sign with. All of them are asymmetric: a public key must never be taken
/// for a shared secret (RFC 8725, section 3.1).
pub const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

/// Keys are believed for so long: who takes one back wants it to be forgotten.
const KEPT: Duration = Duration::from_secs(600);
/// A key that is not there, or an issuer that did not answer, makes us look again, at most this often:
/// whoever sends forged tokens must not make us send requests.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// No provider has more.
const MOST: usize = 100;

/// Why there is no key for a token.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("is signed by an algorithm that is not accepted")]
    Algorithm,
    #[error("is signed by a key that its issuer does not publish")]
    Unknown,
    #[error("the issuer's keys: {0}")]
    Outbound(#[from] OutboundError),
    #[error("the issuer's keys could not be fetched a moment ago")]
    Unreachable,
}

/// Key sets by their addresses.
#[derive(Debug, Default)]
pub struct KeySets {
    sets: Mutex<HashMap<String, Kept>>,
    /// When an address failed last.
    failures: Mutex<HashMap<String, Instant>>,
}

#[derive(Debug, Clone)]
struct Kept {
    keys: Arc<[Jwk]>,
    at: Instant,
}

/// A key set whose unknown kinds of keys do no harm to the known ones.
#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

impl KeySets {
    /// The key that a token's header names, from the set at `address`.
    pub async fn key(&self, outbound: &Outbound, address: &str, header: &Header) -> Result<DecodingKey, KeyError> {
        if !ALGORITHMS.contains(&header.alg) {
            return Err(KeyError::Algorithm);
        }
        let known = self.known(address);
        if let Some(kept) = known.as_ref().filter(|kept| kept.at.elapsed() < KEPT) {
            if let Some(key) = choose(&kept.keys, header) {
                return Ok(key);
            }
            if kept.at.elapsed() < LOOK_AGAIN {
                return Err(KeyError::Unknown);
            }
        }
        if self.failed_just_now(address) {
            return Err(KeyError::Unreachable);
        }
        let keys = match self.fetch(outbound, address).await {
            Ok(keys) => keys,
            Err(error) => {
                self.note_failure(address);
                return Err(error.into());
            }
        };
        choose(&keys, header).ok_or(KeyError::Unknown)
    }

    fn failed_just_now(&self, address: &str) -> bool {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(address).is_some_and(|at| at.elapsed() < LOOK_AGAIN)
    }

    fn note_failure(&self, address: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.retain(|_, at| at.elapsed() < LOOK_AGAIN);
        failures.insert(address.to_owned(), Instant::now());
    }

    /// Fetches the set at `address` anew: the keys in it that can verify something.
    pub async fn fetch(&self, outbound: &Outbound, address: &str) -> Result<Arc<[Jwk]>, OutboundError> {
        let document: Document = outbound.json(address).await?;
        let parsed = document.keys.into_iter().filter_map(|key| serde_json::from_value::<Jwk>(key).ok());
        let keys: Arc<[Jwk]> = parsed.filter(is_for_signatures).take(MOST).collect();
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        // Connections come and go; the ones in use fill this again.
        if sets.len() > 1000 {
            sets.clear();
        }
        sets.insert(address.to_owned(), Kept { keys: keys.clone(), at: Instant::now() });
        Ok(keys)
    }

    fn known(&self, address: &str) -> Option<Kept> {
        self.sets.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned()
    }
}

/// The key with the header's `kid`; without one, the only key that fits.
fn choose(keys: &[Jwk], header: &Header) -> Option<DecodingKey> {
    let mut fitting = keys.iter().filter(|key| match &header.kid {
        Some(kid) => key.common.key_id.as_ref() == Some(kid),
        None => true,
    });
    let fits = |key: &&Jwk| {
        let declared = key.common.key_algorithm.and_then(|algorithm| algorithm.to_string().parse::<Algorithm>().ok());
        declared.is_none_or(|algorithm| algorithm == header.alg)
            && DecodingKey::from_jwk(key).is_ok_and(|key| key.family().algorithms().contains(&header.alg))
    };
    let key = fitting.find(fits)?;
    if header.kid.is_none() && fitting.any(|key| fits(&key)) {
        return None;
    }
    DecodingKey::from_jwk(key).ok()
}

fn is_for_signatures(key: &Jwk) -> bool {
    let use_fits = key.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    // A published secret would be nobody's.
    use_fits && !matches!(key.algorithm, AlgorithmParameters::OctetKey(_)) && DecodingKey::from_jwk(key).is_ok()
}

#[cfg(test)]
mod tests {
    use outbound::Reach;
    use tokio::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn an_issuer_that_is_down_is_not_asked_for_every_token() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/keys", server.local_addr().unwrap());
        let (sets, outbound) = (KeySets::default(), Outbound::new(Reach::Anywhere).unwrap());
        let header = Header::new(Algorithm::ES256);
        drop(server);
        assert!(matches!(sets.key(&outbound, &address, &header).await, Err(KeyError::Outbound(_))));
        assert!(matches!(sets.key(&outbound, &address, &header).await, Err(KeyError::Unreachable)));
    }
}
