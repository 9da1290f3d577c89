//! The keys that sign access tokens: ES256 (RFC 7518) with a `kid`, published as a JWK set (RFC 7517).

use std::collections::HashMap;

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use db::{Db, DbError, SystemTx};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, PublicKeyUse},
};
use kernel::Uuid;
use vault::Vault;

/// A retired key verifies on for this long: longer than any access token lives and any JWK set is cached.
pub(crate) const VERIFIES_ON: SignedDuration = SignedDuration::from_hours(24);

/// Why there is no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    #[error("a signing key could not be made or read: {0}")]
    Key(String),
    #[error(transparent)]
    Vault(#[from] vault::VaultError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("SUPABASE_URL: {0}")]
    Outbound(#[from] outbound::OutboundError),
}

/// Every key that is good for something now.
pub(crate) struct SigningKeys {
    pub(crate) current: Uuid,
    signer: EncodingKey,
    verifiers: HashMap<Uuid, DecodingKey>,
    published: Vec<serde_json::Value>,
}

impl SigningKeys {
    /// Loads them, making the first; two nodes that start at once agree on one.
    pub(crate) async fn load(db: &Db, vault: &Vault, now: Timestamp) -> Result<Self, SigningError> {
        let tx = db.system().await?;
        tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('leadline signing keys', 0))", &[]).await?;
        if tx.query_opt("SELECT FROM signing_keys WHERE retired_at IS NULL", &[]).await?.is_none() {
            insert(&tx, vault, now).await?;
        }
        let since = now.checked_sub(VERIFIES_ON).unwrap_or(Timestamp::MIN);
        let rows = tx
            .query(
                "SELECT kid, private_key, public_jwk, retired_at IS NULL FROM signing_keys
                 WHERE retired_at IS NULL OR retired_at > $1 ORDER BY created_at DESC LIMIT 20",
                &[&since],
            )
            .await?;
        tx.commit().await?;
        let (mut signer, mut verifiers, mut published) = (None, HashMap::new(), Vec::new());
        for row in rows {
            let (kid, sealed, jwk): (Uuid, Vec<u8>, serde_json::Value) = (get(&row, 0)?, get(&row, 1)?, get(&row, 2)?);
            if get(&row, 3)? {
                let pkcs8 = vault.reveal(&context(kid), &sealed)?;
                signer = Some((kid, EncodingKey::from_ec_der(&pkcs8)));
            }
            let parsed: Jwk = serde_json::from_value(jwk.clone()).map_err(|error| SigningError::Key(error.to_string()))?;
            verifiers.insert(kid, DecodingKey::from_jwk(&parsed).map_err(|error| SigningError::Key(error.to_string()))?);
            published.push(jwk);
        }
        let (current, signer) = signer.ok_or_else(|| SigningError::Key("none is current".to_owned()))?;
        Ok(Self { current, signer, verifiers, published })
    }

    pub(crate) fn signer(&self) -> (&EncodingKey, Uuid) {
        (&self.signer, self.current)
    }

    pub(crate) fn verifier(&self, kid: Uuid) -> Option<&DecodingKey> {
        self.verifiers.get(&kid)
    }

    /// The public halves, as `/.well-known/jwks.json` shows them.
    pub(crate) fn jwk_set(&self) -> serde_json::Value {
        serde_json::json!({ "keys": self.published })
    }
}

/// Makes a new key the current one. Tokens signed by the one before it stay good until they expire.
pub async fn rotate_signing_key(db: &Db, vault: &Vault, now: Timestamp) -> Result<Uuid, SigningError> {
    let tx = db.system().await?;
    tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('leadline signing keys', 0))", &[]).await?;
    tx.execute("UPDATE signing_keys SET retired_at = $1 WHERE retired_at IS NULL", &[&now]).await?;
    let old = now.checked_sub(VERIFIES_ON * 2).unwrap_or(Timestamp::MIN);
    // The public half stays: what was signed to last (an audit export) is checked with it years later.
    tx.execute("UPDATE signing_keys SET private_key = ''::bytea WHERE retired_at < $1 AND private_key <> ''::bytea", &[&old]).await?;
    let kid = insert(&tx, vault, now).await?;
    tx.commit().await?;
    Ok(kid)
}

/// The public half of every key there ever was, as a JWK set.
pub async fn all_signing_keys(db: &Db) -> Result<serde_json::Value, DbError> {
    let rows = db.read_system("SELECT public_jwk FROM signing_keys ORDER BY created_at DESC LIMIT 10000", &[]).await?;
    let keys = rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<Vec<serde_json::Value>, DbError>>()?;
    Ok(serde_json::json!({ "keys": keys }))
}

async fn insert(tx: &SystemTx, vault: &Vault, now: Timestamp) -> Result<Uuid, SigningError> {
    let kid = Uuid::new_v4();
    let (pkcs8, jwk) = generate(kid).map_err(SigningError::Key)?;
    tx.execute(
        "INSERT INTO signing_keys (kid, private_key, public_jwk, created_at) VALUES ($1, $2, $3, $4)",
        &[&kid, &vault.seal(&context(kid), &pkcs8)?, &jwk, &now],
    )
    .await?;
    Ok(kid)
}

fn generate(kid: Uuid) -> Result<(Vec<u8>, serde_json::Value), String> {
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).map_err(|error| error.to_string())?;
    let signer = EncodingKey::from_ec_der(pkcs8.as_ref());
    let mut jwk = Jwk::from_encoding_key(&signer, Algorithm::ES256).map_err(|error| error.to_string())?;
    jwk.common.key_id = Some(kid.to_string());
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    let jwk = serde_json::to_value(jwk).map_err(|error| error.to_string())?;
    Ok((pkcs8.as_ref().to_vec(), jwk))
}

fn context(kid: Uuid) -> String {
    format!("signing_keys.private_key/{kid}")
}

fn get<'a, T: postgres_types::FromSql<'a>>(row: &'a db::Row, at: usize) -> Result<T, DbError> {
    Ok(row.try_get(at)?)
}
