//! The vault's promises, against a real PostgreSQL.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use db::{Db, DbConfig};
use leadline_vault::{KeyRing, MasterKey, Vault, VaultError};
use testkit::TestDatabase;

const WHERE: &str = "mfa_factors.secret/1";

struct Fixture {
    db: Db,
    database: TestDatabase,
}

impl Fixture {
    async fn new() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let database = TestDatabase::create().await;
        Self { db: Db::new(&DbConfig::new(database.url())).unwrap(), database }
    }

    /// A process that starts with these keys.
    async fn node(&self, current: &MasterKey, previous: &[&MasterKey]) -> Result<Vault, VaultError> {
        let previous = previous.iter().map(|key| (*key).clone()).collect();
        Vault::open(&self.db, KeyRing { current: current.clone(), previous }).await
    }

    async fn sql(&self, statement: &str) {
        let (client, connection) = tokio_postgres::connect(&self.database.url(), tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(statement).await.unwrap();
    }
}

fn key() -> MasterKey {
    MasterKey::generate().0
}

/// The data key that a sealed secret names.
fn sealed_under(sealed: &[u8]) -> i32 {
    i32::from_be_bytes(sealed[1..5].try_into().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_start_at_once_agree() {
    let (fixture, key) = (Fixture::new().await, key());
    let (a, b, c) = tokio::join!(fixture.node(&key, &[]), fixture.node(&key, &[]), fixture.node(&key, &[]));
    let (a, b, c) = (a.unwrap(), b.unwrap(), c.unwrap());
    assert!(a.root() == b.root() && b.root() == c.root());
    let sealed = a.seal(WHERE, b"a secret").unwrap();
    assert_eq!(b.reveal(WHERE, &sealed).unwrap(), b"a secret");
    assert_ne!(sealed, c.seal(WHERE, b"a secret").unwrap(), "sealing twice gives two texts");
    assert_eq!(format!("{a:?}"), "Vault(…)");
    drop((a, b, c));
    let later = fixture.node(&key, &[]).await.unwrap();
    assert_eq!(later.reveal(WHERE, &sealed).unwrap(), b"a secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_altered_or_moved_does_not_open() {
    let fixture = Fixture::new().await;
    let vault = fixture.node(&key(), &[]).await.unwrap();
    let sealed = vault.seal(WHERE, b"a secret").unwrap();
    assert!(!sealed.windows(8).any(|part| part == b"a secret"));
    assert!(matches!(vault.reveal("mfa_factors.secret/2", &sealed), Err(VaultError::Tampered)));
    for at in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[at] ^= 1;
        assert!(vault.reveal(WHERE, &bent).is_err(), "byte {at}");
        assert!(vault.reveal(WHERE, &sealed[..at]).is_err(), "cut at {at}");
    }
    assert_eq!(vault.reveal(WHERE, &vault.seal(WHERE, b"").unwrap()).unwrap(), b"");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_encryption_key_can_be_changed() {
    let fixture = Fixture::new().await;
    let (old, new) = (key(), key());
    let before = fixture.node(&old, &[]).await.unwrap();
    let sealed = before.seal(WHERE, b"a secret").unwrap();

    let Err(error) = fixture.node(&new, &[]).await else { panic!("another key opens nothing") };
    let words = error.to_string();
    assert!(words.contains(&old.fingerprint()) && words.contains(&new.fingerprint()), "{words}");
    assert!(words.contains("LEADLINE_SECRET_KEY_OLD"), "{words}");

    let after = fixture.node(&new, &[&key(), &old]).await.unwrap();
    assert_eq!((after.root(), after.reveal(WHERE, &sealed).unwrap()), (before.root(), b"a secret".to_vec()));
    // A process that still runs with the old key is not disturbed.
    before.refresh().await.unwrap();
    assert_eq!(before.reveal(WHERE, &after.seal(WHERE, b"more").unwrap()).unwrap(), b"more");
    // The old key has done its duty.
    let later = fixture.node(&new, &[]).await.unwrap();
    assert_eq!((later.root(), later.reveal(WHERE, &sealed).unwrap()), (before.root(), b"a secret".to_vec()));
    assert!(matches!(fixture.node(&old, &[]).await, Err(VaultError::MissingKey { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_data_key_can_be_changed() {
    let (fixture, key) = (Fixture::new().await, key());
    let (one, two) = (fixture.node(&key, &[]).await.unwrap(), fixture.node(&key, &[]).await.unwrap());
    let early = one.seal(WHERE, b"early").unwrap();
    let added = one.add_data_key().await.unwrap();
    // Not before the others know it.
    assert_ne!(sealed_under(&one.seal(WHERE, b"soon").unwrap()), added);
    two.refresh().await.unwrap();
    fixture.sql("UPDATE vault_keys SET created_at = created_at - interval '10 minutes'").await;
    one.refresh().await.unwrap();
    let late = one.seal(WHERE, b"late").unwrap();
    assert_eq!(sealed_under(&late), added);
    for node in [&one, &two, &fixture.node(&key, &[]).await.unwrap()] {
        assert_eq!(node.reveal(WHERE, &early).unwrap(), b"early");
        assert_eq!(node.reveal(WHERE, &late).unwrap(), b"late");
        assert_eq!(node.root(), one.root());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_in_use_keeps_signing_with_the_key_it_had() {
    let mark = "DELETE FROM vault_keys; INSERT INTO vault_keys (id, purpose, wrapped, wrapped_by) VALUES (1, 'root', '', '')";
    let text = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    let (first, bytes) = (MasterKey::parse("KEY", text).unwrap(), std::array::from_fn(|n| u8::try_from(n).unwrap()));
    let fixture = Fixture::new().await;
    fixture.sql(mark).await;
    assert_eq!(fixture.node(&first, &[]).await.unwrap().root(), bytes);
    let second = key();
    assert_eq!(fixture.node(&second, &[&first]).await.unwrap().root(), bytes);
    // Changed together with the version: the links were signed by the previous one.
    fixture.sql(mark).await;
    assert_eq!(fixture.node(&second, &[&first]).await.unwrap().root(), bytes);
    // A new installation has a root that nobody has seen.
    fixture.sql("DELETE FROM vault_keys").await;
    assert_ne!(fixture.node(&first, &[]).await.unwrap().root(), bytes);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_altered_row_stops_the_start() {
    let (fixture, key) = (Fixture::new().await, key());
    fixture.node(&key, &[]).await.unwrap();
    fixture.sql("UPDATE vault_keys SET wrapped = (SELECT wrapped FROM vault_keys WHERE purpose = 'root') WHERE purpose = 'secrets'").await;
    assert!(matches!(fixture.node(&key, &[]).await, Err(VaultError::Altered(2))));
}
