//! Secrets at rest: envelope encryption with keys that can be changed.
//!
//! A secret is sealed under a data key, and the data keys lie in `vault_keys`, wrapped under the
//! key-encryption key of the installation (`LEADLINE_SECRET_KEY`), which is never stored. So a copy of the
//! database tells nothing, changing the key-encryption key rewrites a handful of rows, and changing
//! the data key rewrites nothing. All with AES-256-GCM (NIST SP 800-38D) under random nonces.

mod cipher;
mod error;
mod key_ring;
mod store;
mod vault;

pub use error::VaultError;
pub use key_ring::{KeyRing, MasterKey};
pub use vault::Vault;
