use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine, prelude::BASE64_STANDARD};

use crate::{VaultError, cipher::Cipher};

/// The key-encryption key of the installation, and those it had before.
#[derive(Debug, Clone)]
pub struct KeyRing {
    /// `LEADLINE_SECRET_KEY`
    pub current: MasterKey,
    /// `LEADLINE_SECRET_KEY_OLD`, the latest first.
    pub previous: Vec<MasterKey>,
}

/// A key-encryption key: 32 random bytes that are kept outside the database.
#[derive(Clone)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Parses 32 bytes in base64; the error begins with `variable`, where the text came from.
    pub fn parse(variable: &str, text: &str) -> Result<Self, String> {
        let bytes = BASE64_STANDARD.decode(text.trim()).map_err(|error| format!("{variable} is not base64: {error}"))?;
        let bytes = <[u8; 32]>::try_from(bytes)
            .map_err(|bytes| format!("{variable} has {} bytes instead of 32: make one with `openssl rand -base64 32`", bytes.len()))?;
        Ok(Self(bytes))
    }

    /// A fresh one, and its text.
    pub fn generate() -> (Self, String) {
        let bytes: [u8; 32] = rand::random();
        (Self(bytes), BASE64_STANDARD.encode(bytes))
    }

    /// Tells keys apart without telling anything about them.
    pub fn fingerprint(&self) -> String {
        self.derive("leadline vault: fingerprint").iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    /// The bytes themselves: what installations signed links with before they had a vault.
    pub(crate) const fn bytes(&self) -> [u8; 32] {
        self.0
    }

    /// Encrypts a data key, bound to its row.
    pub(crate) fn wrap(&self, id: i32, purpose: &str, key: &[u8; 32]) -> Result<Vec<u8>, VaultError> {
        let mut wrapped = Vec::new();
        self.wrapping()?.seal_into(&mut wrapped, place(id, purpose).as_bytes(), key)?;
        Ok(wrapped)
    }

    pub(crate) fn unwrap(&self, id: i32, purpose: &str, wrapped: &[u8]) -> Result<[u8; 32], VaultError> {
        let key = self.wrapping()?.open(place(id, purpose).as_bytes(), wrapped);
        key.and_then(|bytes| bytes.try_into().ok()).ok_or(VaultError::Altered(id))
    }

    fn wrapping(&self) -> Result<Cipher, VaultError> {
        Cipher::new(&self.derive("leadline vault: wrap"))
    }

    /// A key for each purpose: the bytes have signed links as well, and one key should do one thing.
    fn derive(&self, purpose: &str) -> [u8; 32] {
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0), purpose.as_bytes());
        let mut derived = [0; 32];
        for (slot, byte) in derived.iter_mut().zip(tag.as_ref()) {
            *slot = *byte;
        }
        derived
    }
}

impl KeyRing {
    /// The one whose fingerprint a row names.
    pub(crate) fn find(&self, fingerprint: &str) -> Result<&MasterKey, VaultError> {
        std::iter::once(&self.current)
            .chain(&self.previous)
            .find(|key| key.fingerprint() == fingerprint)
            .ok_or_else(|| VaultError::MissingKey { wrapped_by: fingerprint.to_owned(), current: self.current.fingerprint() })
    }
}

fn place(id: i32, purpose: &str) -> String {
    format!("vault_keys/{id}/{purpose}")
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_32_bytes_in_base64() {
        let (key, text) = MasterKey::generate();
        assert_eq!(MasterKey::parse("LEADLINE_SECRET_KEY", &format!(" {text}\n")).unwrap().0, key.0);
        assert!(MasterKey::parse("LEADLINE_SECRET_KEY", "secret!").unwrap_err().contains("LEADLINE_SECRET_KEY is not base64"));
        assert!(MasterKey::parse("LEADLINE_SECRET_KEY_OLD", "c2hvcnQ=").unwrap_err().contains("LEADLINE_SECRET_KEY_OLD has 5 bytes"));
        assert_eq!(format!("{key:?}"), "MasterKey(…)");
    }

    #[test]
    fn a_wrapped_key_is_bound_to_its_row() {
        let (ours, other) = (MasterKey::generate().0, MasterKey::generate().0);
        assert_ne!(ours.fingerprint(), other.fingerprint());
        let wrapped = ours.wrap(2, "secrets", &[7; 32]).unwrap();
        assert_eq!(ours.unwrap(2, "secrets", &wrapped).unwrap(), [7; 32]);
        assert!(matches!(ours.unwrap(3, "secrets", &wrapped), Err(VaultError::Altered(3))));
        assert!(ours.unwrap(2, "root", &wrapped).is_err());
        assert!(other.unwrap(2, "secrets", &wrapped).is_err());
    }
}
