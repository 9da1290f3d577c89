//! Random words, and the two halves of PKCE (RFC 7636).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// 256 bits in 43 characters: a state, a nonce, a verifier, a browser's mark.
pub(crate) fn random() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// The challenge of a verifier, by S256.
pub(crate) fn challenge(verifier: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()))
}

/// What is stored of a random word.
pub(crate) fn hash(word: &str) -> [u8; 32] {
    Sha256::digest(word.as_bytes()).into()
}
