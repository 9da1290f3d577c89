//! The key itself: `llk_` and 43 characters (base64url) of 28 random bytes and four that check them, so that
//! a typo is told from a revoked key, and a scanner of leaked secrets from something that looks alike.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// What every key begins with.
const MARK: &str = "llk_";
/// Characters shown in lists: the mark and 48 bits.
const SHOWN: usize = 12;

/// A key that nobody has seen yet.
pub(crate) struct NewSecret {
    pub(crate) key: String,
    pub(crate) prefix: String,
    pub(crate) hash: [u8; 32],
}

impl NewSecret {
    pub(crate) fn generate() -> Self {
        let random: [u8; 28] = rand::random();
        let key = format!("{MARK}{}", BASE64_URL_SAFE_NO_PAD.encode([random.as_slice(), &check(&random)].concat()));
        let prefix = key.chars().take(SHOWN).collect();
        Self { hash: Sha256::digest(key.as_bytes()).into(), key, prefix }
    }
}

/// Whether a credential claims to be a key.
pub(crate) fn is_key(text: &str) -> bool {
    text.starts_with(MARK)
}

/// What a key is found by; nothing for what cannot be one of ours.
pub(crate) fn hash_of(key: &str) -> Option<[u8; 32]> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(key.strip_prefix(MARK)?).ok()?;
    let (random, checked) = bytes.split_at_checked(28)?;
    (check(random) == checked).then(|| Sha256::digest(key.as_bytes()).into())
}

/// The first four bytes of a hash: no secret, so anybody can check a key's form.
fn check(random: &[u8]) -> [u8; 4] {
    let digest = Sha256::new().chain_update(MARK).chain_update(random).finalize();
    let mut four = [0; 4];
    four.iter_mut().zip(digest).for_each(|(slot, byte)| *slot = byte);
    four
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_checks_itself() {
        let made = NewSecret::generate();
        assert_eq!(made.key.len(), 47);
        assert!(made.key.starts_with(&made.prefix) && made.prefix.len() == 12);
        assert_eq!(hash_of(&made.key), Some(made.hash));
        for at in 4..47 {
            let mut typo = made.key.clone().into_bytes();
            typo[at] = if typo[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(hash_of(&String::from_utf8(typo).unwrap()), None, "character {at}");
        }
        for other in ["", "llk_", "llk_short", &made.key[..46], &format!("{}A", made.key), &made.key.replace("llk_", "llx_")] {
            assert_eq!(hash_of(other), None, "{other}");
        }
    }
}
