//! What this node remembers of who is signed in, and the keys it signs with.
//!
//! A session, token or key is looked up once and remembered for [`REMEMBERED`] at most. Whatever changes
//! it tells every node by a trigger's NOTIFY in the transaction of the change (`leadline_auth_changed`),
//! so a sign-out or a revocation acts everywhere at once. While this node cannot hear, it remembers nothing.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use db::{Db, DbError};
use http_kit::{App, Config, Problem};
use jiff::Timestamp;
use kernel::{Clock, OrgId, UserId, Uuid};
use moka::sync::Cache;
use sha2::{Digest, Sha256};
use vault::Vault;

use crate::{
    external::{External, Shared},
    principal::{Credential, Principal, read},
    signing::{SigningError, SigningKeys},
    token::{self, Claims, TokenError},
};

/// Longest time for which an answer of the database is believed.
const REMEMBERED: Duration = Duration::from_secs(60);
/// Principals and tokens remembered by one node: about a kilobyte each.
const MOST: u64 = 50_000;
/// An unknown `kid` makes us look for new keys, at most this often.
const RELOAD_EVERY: Duration = Duration::from_secs(5);

/// Identity's own state in a running process.
pub struct Engine {
    db: Db,
    vault: Vault,
    clock: Clock,
    issuer: String,
    /// Where a hosted Supabase Auth says who somebody is.
    external: Shared,
    keys: RwLock<Arc<SigningKeys>>,
    reloaded: Mutex<Instant>,
    principals: Cache<[u8; 32], Arc<Principal>>,
    tokens: Cache<[u8; 32], Arc<Claims>>,
    /// Sessions and keys whose use was noted in the last minutes.
    noted: Cache<Uuid, ()>,
    /// Whether changes reach us; until then nothing is remembered.
    hears: AtomicBool,
    /// Counts what was heard: an answer read before a change must not be remembered after it.
    changes: AtomicU64,
}

impl Engine {
    /// Loads the keys and starts listening.
    pub async fn start(db: Db, vault: Vault, clock: Clock, config: &Config) -> Result<Arc<Self>, SigningError> {
        let keys = SigningKeys::load(&db, &vault, clock.now()).await?;
        let engine = Arc::new(Self {
            issuer: config.link("/auth/v1"),
            external: External::new(&config.auth)?.map(Arc::new),
            keys: RwLock::new(Arc::new(keys)),
            reloaded: Mutex::new(Instant::now()),
            principals: Cache::builder().max_capacity(MOST).time_to_live(REMEMBERED).support_invalidation_closures().build(),
            tokens: Cache::builder().max_capacity(MOST).time_to_live(Duration::from_secs(3600)).build(),
            noted: Cache::builder().max_capacity(MOST).time_to_live(Duration::from_secs(300)).build(),
            hears: AtomicBool::new(false),
            changes: AtomicU64::new(0),
            db,
            vault,
            clock,
        });
        let (hearing, changed) = (Arc::downgrade(&engine), Arc::downgrade(&engine));
        db::listen::spawn_watched(
            engine.db.url().to_owned(),
            &["leadline_auth"],
            move |connected| {
                if let Some(engine) = hearing.upgrade() {
                    engine.forget_all();
                    engine.hears.store(connected, Ordering::SeqCst);
                }
            },
            move |_, change| {
                if let Some(engine) = changed.upgrade() {
                    engine.changed(change);
                }
            },
        );
        Ok(engine)
    }

    /// The running engine of `app`.
    pub fn of(app: &App) -> Result<&Self, Problem> {
        app.extension::<Arc<Self>>().map(AsRef::as_ref).ok_or_else(|| Problem::internal(&"the identity engine was not started"))
    }

    /// Who issues our tokens: `{PUBLIC_URL}/auth/v1`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The verifier of foreign access tokens, in external mode.
    pub fn external(&self) -> Option<&External> {
        self.external.as_deref()
    }

    /// The public keys, as `/.well-known/jwks.json` shows them.
    pub fn jwk_set(&self) -> serde_json::Value {
        self.keys().jwk_set()
    }

    /// Signs an access token.
    pub fn sign(&self, claims: &Claims) -> Result<String, Problem> {
        token::sign(&self.keys(), claims).map_err(|error| Problem::internal(&error))
    }

    /// Vouches for `content` as a JWS (RFC 7515) of the type `kind`, which no access token has.
    pub fn seal(&self, kind: &str, content: &impl serde::Serialize) -> Result<String, Problem> {
        token::seal(&self.keys(), kind, content).map_err(|error| Problem::internal(&error))
    }

    /// Checks an access token of ours. A token seen before costs a hash and a look.
    pub async fn verify(&self, text: &str, now: Timestamp) -> Result<Arc<Claims>, TokenError> {
        let digest: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if let Some(claims) = self.tokens.get(&digest) {
            return if token::is_past(claims.exp, now) { Err(TokenError::Expired) } else { Ok(claims) };
        }
        let claims = match token::verify(&self.keys(), &self.issuer, text, now) {
            Err(TokenError::UnknownKey) if self.reload_is_due() => {
                self.reload().await;
                token::verify(&self.keys(), &self.issuer, text, now)
            }
            other => other,
        }
        .map_err(|error| if error == TokenError::UnknownKey { TokenError::Invalid } else { error })?;
        let claims = Arc::new(claims);
        self.tokens.insert(digest, claims.clone());
        Ok(claims)
    }

    /// Who `credential` stands for.
    pub(crate) async fn principal(&self, credential: Credential, now: Timestamp) -> Result<Option<Arc<Principal>>, DbError> {
        let key = match credential {
            Credential::Cookie(hash) => hash,
            Credential::Session(id) => Sha256::new().chain_update(b"session").chain_update(id.uuid()).finalize().into(),
            Credential::Key(hash) => Sha256::new().chain_update(b"key").chain_update(hash).finalize().into(),
        };
        if self.hears.load(Ordering::SeqCst)
            && let Some(known) = self.principals.get(&key)
        {
            return Ok((known.expires_at > now).then_some(known));
        }
        let before = self.changes.load(Ordering::SeqCst);
        let Some(found) = read(&self.db, credential, now).await?.map(Arc::new) else { return Ok(None) };
        if self.hears.load(Ordering::SeqCst) && self.changes.load(Ordering::SeqCst) == before {
            self.principals.insert(key, found.clone());
            // A change may have come between the look and the insert.
            if self.changes.load(Ordering::SeqCst) != before {
                self.principals.invalidate(&key);
            }
        }
        Ok(Some(found))
    }

    /// Whether this use should be written down: once in a few minutes.
    pub(crate) fn note_use(&self, principal: &Principal) -> bool {
        let id = principal.session.map(|id| id.uuid()).or(principal.key.as_ref().map(|key| key.id.uuid()));
        id.is_some_and(|id| self.noted.entry(id).or_insert(()).is_fresh())
    }

    fn keys(&self) -> Arc<SigningKeys> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn reload_is_due(&self) -> bool {
        let mut last = self.reloaded.lock().unwrap_or_else(PoisonError::into_inner);
        let due = last.elapsed() > RELOAD_EVERY;
        if due {
            *last = Instant::now();
        }
        due
    }

    async fn reload(&self) {
        match SigningKeys::load(&self.db, &self.vault, self.clock.now()).await {
            Ok(keys) => {
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
                self.tokens.invalidate_all();
            }
            Err(error) => tracing::error!(%error, "the signing keys could not be read anew"),
        }
    }

    /// Forgets every token and principal, as a fresh node would: for measuring what the first request costs.
    pub fn forget(&self) {
        self.tokens.invalidate_all();
        self.forget_all();
    }

    /// Forgets every principal.
    pub(crate) fn forget_all(&self) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.principals.invalidate_all();
    }

    /// Forgets the people of an organisation, after a commit and before the answer to whoever changed their
    /// standing: this node hears of it like every other, but their next request may come sooner.
    pub(crate) fn forget_people_of(&self, org: OrgId) {
        self.forget_those(move |p| p.organisations.iter().any(|(other, _)| *other == org));
    }

    /// The same for one person.
    pub(crate) fn forget_person(&self, user: UserId) {
        self.forget_those(move |p| p.user == user);
    }

    fn forget_those(&self, condition: impl Fn(&Principal) -> bool + Send + Sync + 'static) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        if self.principals.invalidate_entries_if(move |_, principal| condition(principal)).is_err() {
            self.forget_all();
        }
    }

    /// `session:<id>`, `user:<id>`, `key:<id>`, `org:<id>` or `signing:<kid>`.
    fn changed(self: Arc<Self>, change: &str) {
        self.changes.fetch_add(1, Ordering::SeqCst);
        let parsed = change.split_once(':').and_then(|(kind, id)| Some((kind, Uuid::try_parse(id).ok()?)));
        let Some((kind, id)) = parsed else { return self.forget_all() };
        let outcome = match kind {
            "signing" => {
                tokio::spawn(async move { self.reload().await });
                return;
            }
            "session" => self.principals.invalidate_entries_if(move |_, p| p.session.is_some_and(|session| session.uuid() == id)),
            "user" => self.principals.invalidate_entries_if(move |_, p| p.user.uuid() == id),
            "key" => self.principals.invalidate_entries_if(move |_, p| p.key.as_ref().is_some_and(|key| key.id.uuid() == id)),
            "org" => self
                .principals
                .invalidate_entries_if(move |_, p| p.organisations.iter().any(|(org, _)| org.uuid() == id) || p.place.is_none()),
            _ => return self.forget_all(),
        };
        if outcome.is_err() {
            self.forget_all();
        }
    }
}
