use db::DbError;

/// Why the vault did not open, or did not give back a secret.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error(transparent)]
    Db(#[from] DbError),
    /// The installation's key-encryption key is another one.
    #[error(
        "LEADLINE_SECRET_KEY is not the key of this database: its secrets are encrypted under the key with fingerprint {wrapped_by}, \
         and LEADLINE_SECRET_KEY has {current}. Set LEADLINE_SECRET_KEY to that key (if it was never set: the text in the file secret.key of \
         the data directory); to change it, set LEADLINE_SECRET_KEY_OLD to that key as well"
    )]
    MissingKey { wrapped_by: String, current: String },
    #[error("the row {0} of vault_keys was altered: restore the table from a backup")]
    Altered(i32),
    /// Sealed under a data key that this process does not know.
    #[error(
        "a secret is encrypted under the data key {0}, which is not in vault_keys (or was added a moment ago): restore the table from a backup"
    )]
    UnknownKey(i32),
    /// Altered, or taken from another place.
    #[error("a secret does not decrypt: it was altered, or moved from where it was stored")]
    Tampered,
    #[error("a secret is not in a format that this version of Leadline reads")]
    Format,
    #[error("AES-256-GCM refused its input")]
    Cipher,
}
