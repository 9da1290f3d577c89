use std::{
    collections::{BTreeMap, btree_map::Entry},
    fmt,
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use db::{Db, SystemTx};

use crate::{KeyRing, VaultError, cipher::Cipher, store, store::KeyRow};

/// The first byte of a sealed secret: what follows is data key, nonce, ciphertext, tag.
const FORMAT: u8 = 1;

/// How often a process reads the keys that others have added.
const REFRESH: Duration = Duration::from_secs(60);

/// From which age on a new data key seals: by then every running process can open what it has sealed.
const SETTLED: Duration = Duration::from_secs(180);

const ROOT: &str = "root";
const SECRETS: &str = "secrets";

/// Seals secrets for the database and gives them back. Cheap to clone.
#[derive(Clone)]
pub struct Vault(Arc<Inner>);

struct Inner {
    db: Db,
    ring: KeyRing,
    root: [u8; 32],
    keys: RwLock<DataKeys>,
}

/// The data keys, unwrapped.
#[derive(Default)]
struct DataKeys {
    by_id: BTreeMap<i32, Arc<Cipher>>,
    /// The one that seals.
    sealing: i32,
}

impl Vault {
    /// Reads the data keys; makes the first ones in a new installation, and wraps under the ring's
    /// current key what a previous one had wrapped.
    pub async fn open(db: &Db, ring: KeyRing) -> Result<Self, VaultError> {
        let tx = store::locked(db).await?;
        prepare(&tx, &ring).await?;
        let rows = store::all(&tx, SETTLED.as_secs_f64()).await?;
        tx.commit().await?;
        let root = rows.iter().find(|row| row.purpose == ROOT).ok_or(VaultError::Altered(1))?;
        let root = ring.find(&root.wrapped_by)?.unwrap(root.id, ROOT, &root.wrapped)?;
        let keys = DataKeys::default().with(&ring, &rows)?;
        let vault = Self(Arc::new(Inner { db: db.clone(), ring, root, keys: RwLock::new(keys) }));
        tokio::spawn(follow(Arc::downgrade(&vault.0)));
        Ok(vault)
    }

    /// Encrypts a secret. `context` says where it is stored, such as `mfa_factors.secret/<id>`: the same words
    /// open it again, so that a secret which was moved to another row or column does not open there.
    pub fn seal(&self, context: &str, plain: &[u8]) -> Result<Vec<u8>, VaultError> {
        let (id, cipher) = {
            let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
            (keys.sealing, keys.by_id.get(&keys.sealing).cloned().ok_or(VaultError::UnknownKey(keys.sealing))?)
        };
        let mut sealed = vec![FORMAT];
        sealed.extend_from_slice(&id.to_be_bytes());
        cipher.seal_into(&mut sealed, context.as_bytes(), plain)?;
        Ok(sealed)
    }

    /// Decrypts what [`Vault::seal`] has made in the same context.
    pub fn reveal(&self, context: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        let Some((&FORMAT, rest)) = sealed.split_first() else { return Err(VaultError::Format) };
        let Some((id, text)) = rest.split_first_chunk() else { return Err(VaultError::Format) };
        let id = i32::from_be_bytes(*id);
        let cipher = {
            let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
            keys.by_id.get(&id).cloned().ok_or(VaultError::UnknownKey(id))?
        };
        cipher.open(context.as_bytes(), text).ok_or(VaultError::Tampered)
    }

    /// The secret from which signing keys are derived. The same for the life of the installation,
    /// whatever becomes of the other keys: links in mail that was sent years ago depend on it.
    pub fn root(&self) -> [u8; 32] {
        self.0.root
    }

    /// Adds a data key, which seals once every running process has read it; returns its id.
    /// What the earlier ones have sealed stays readable.
    pub async fn add_data_key(&self) -> Result<i32, VaultError> {
        let tx = store::locked(&self.0.db).await?;
        let rows = store::all(&tx, SETTLED.as_secs_f64()).await?;
        let id = next_id(&rows);
        add(&tx, &self.0.ring, id, SECRETS, &rand::random()).await?;
        tx.commit().await?;
        self.refresh().await?;
        Ok(id)
    }

    /// Reads the data keys that other processes have added. Happens by itself every minute.
    pub async fn refresh(&self) -> Result<(), VaultError> {
        let rows = store::read(&self.0.db, SETTLED.as_secs_f64()).await?;
        let known = {
            let keys = self.0.keys.read().unwrap_or_else(PoisonError::into_inner);
            DataKeys { by_id: keys.by_id.clone(), sealing: keys.sealing }
        };
        let keys = known.with(&self.0.ring, &rows)?;
        *self.0.keys.write().unwrap_or_else(PoisonError::into_inner) = keys;
        Ok(())
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(…)")
    }
}

impl DataKeys {
    /// With the keys of `rows` that were not known yet.
    fn with(mut self, ring: &KeyRing, rows: &[KeyRow]) -> Result<Self, VaultError> {
        for row in rows.iter().filter(|row| row.purpose == SECRETS) {
            // The first of an installation has nobody to wait for.
            if row.is_known_everywhere || self.by_id.is_empty() {
                self.sealing = row.id;
            }
            if let Entry::Vacant(unknown) = self.by_id.entry(row.id) {
                let key = ring.find(&row.wrapped_by)?.unwrap(row.id, SECRETS, &row.wrapped)?;
                unknown.insert(Arc::new(Cipher::new(&key)?));
            }
        }
        Ok(self)
    }
}

/// Makes what is missing, and takes over what a previous key has wrapped.
async fn prepare(tx: &SystemTx, ring: &KeyRing) -> Result<(), VaultError> {
    let rows = store::all(tx, SETTLED.as_secs_f64()).await?;
    let current = ring.current.fingerprint();
    for row in rows.iter().filter(|row| row.wrapped_by != current) {
        let key = if row.wrapped.is_empty() && row.purpose == ROOT {
            // Links were signed by the key that was in use until today.
            ring.previous.first().unwrap_or(&ring.current).bytes()
        } else {
            ring.find(&row.wrapped_by)?.unwrap(row.id, &row.purpose, &row.wrapped)?
        };
        store::wrap_again(tx, row.id, &ring.current.wrap(row.id, &row.purpose, &key)?, &current).await?;
        tracing::info!(key = row.id, purpose = row.purpose, "wrapped under the current LEADLINE_SECRET_KEY");
    }
    let mut id = next_id(&rows);
    for purpose in [ROOT, SECRETS] {
        if !rows.iter().any(|row| row.purpose == purpose) {
            add(tx, ring, id, purpose, &rand::random()).await?;
            id += 1;
        }
    }
    Ok(())
}

async fn add(tx: &SystemTx, ring: &KeyRing, id: i32, purpose: &str, key: &[u8; 32]) -> Result<(), VaultError> {
    let wrapped = ring.current.wrap(id, purpose, key)?;
    Ok(store::insert(tx, id, purpose, &wrapped, &ring.current.fingerprint()).await?)
}

fn next_id(rows: &[KeyRow]) -> i32 {
    rows.iter().map(|row| row.id).max().unwrap_or_default() + 1
}

/// Ends with the vault.
async fn follow(vault: Weak<Inner>) {
    loop {
        tokio::time::sleep(REFRESH).await;
        let Some(inner) = vault.upgrade() else { return };
        if let Err(error) = Vault(inner).refresh().await {
            tracing::warn!(%error, "the vault's keys could not be read; those that are known stay in use");
        }
    }
}
