use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};

use crate::VaultError;

/// AES-256-GCM under one key. A sealed text is nonce, ciphertext, tag.
pub(crate) struct Cipher(RandomizedNonceKey);

impl Cipher {
    pub(crate) fn new(key: &[u8; 32]) -> Result<Self, VaultError> {
        RandomizedNonceKey::new(&AES_256_GCM, key).map(Self).map_err(|_| VaultError::Cipher)
    }

    /// Appends the sealed text to `out`.
    pub(crate) fn seal_into(&self, out: &mut Vec<u8>, context: &[u8], plain: &[u8]) -> Result<(), VaultError> {
        let mut text = plain.to_vec();
        let nonce = self.0.seal_in_place_append_tag(Aad::from(context), &mut text).map_err(|_| VaultError::Cipher)?;
        out.extend_from_slice(nonce.as_ref());
        out.append(&mut text);
        Ok(())
    }

    /// Nothing when it was altered, sealed under another key or in another context.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
        let mut text = text.to_vec();
        let plain = self.0.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(context), &mut text).ok()?;
        Some(plain.to_vec())
    }
}
