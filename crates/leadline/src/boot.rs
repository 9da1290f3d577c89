//! From settings to a running application: the database (ours or the one named), the schema, the
//! cache, the mail transport.

use std::{io::Write, path::Path};

use anyhow::{Context, Result, bail};
use cache::Cache;
use db::{
    Db, DbConfig,
    embedded::{EmbeddedError, EmbeddedOptions, EmbeddedPostgres},
};
use events::Feed;
use http_kit::{App, AppParts, Config, SecretKey};
use identity::Engine;
use vault::{KeyRing, MasterKey, Vault};

use crate::settings::Settings;

/// Where a running `leadline up` leaves the address of its private database for our own commands.
const ADDRESS_FILE: &str = "database.url";

/// The database that this process uses.
pub(crate) struct Database {
    pub(crate) url: String,
    embedded: Option<EmbeddedPostgres>,
}

impl Database {
    /// The one in `DATABASE_URL`, else the private one, started here.
    pub(crate) async fn open(settings: &Settings) -> Result<Self> {
        if let Some(url) = &settings.database_url {
            return Ok(Self { url: url.clone(), embedded: None });
        }
        let embedded = EmbeddedPostgres::start(&settings.data_dir, EmbeddedOptions::default()).await?;
        let url = embedded.url();
        write_private(&settings.data_dir.join(ADDRESS_FILE), &url).context("the data directory cannot be written")?;
        Ok(Self { url, embedded: Some(embedded) })
    }

    /// The same for a command that may run beside `leadline up`, whose private database it then uses.
    pub(crate) async fn open_beside(settings: &Settings) -> Result<Self> {
        match Self::open(settings).await {
            Err(error) if matches!(error.downcast_ref(), Some(EmbeddedError::AlreadyRunning { .. })) => {
                let path = settings.data_dir.join(ADDRESS_FILE);
                let url = std::fs::read_to_string(&path).with_context(|| format!("{error}; its {} could not be read", path.display()))?;
                Ok(Self { url, embedded: None })
            }
            other => other,
        }
    }

    /// Stops the private database, if it is ours.
    pub(crate) async fn close(self, settings: &Settings) -> Result<()> {
        if let Some(embedded) = self.embedded {
            let _ = std::fs::remove_file(settings.data_dir.join(ADDRESS_FILE)); // stale, it would only mislead
            embedded.stop().await?;
        }
        Ok(())
    }
}

/// Builds the application over a migrated database.
pub(crate) async fn app(settings: &Settings, database: &Database) -> Result<App> {
    let db = Db::new(&DbConfig::new(&database.url))?;
    let cache = match &settings.redis_url {
        Some(url) => Cache::redis(url).await?,
        None => Cache::in_process(),
    };
    let mailer = mail::mailer(&settings.mail, db.clone(), settings.clock.clone())?;
    let feed = Feed::start(db.clone());
    let vault = Vault::open(&db, key_ring(settings)?).await?;
    let config = Config {
        environment: settings.environment,
        public_url: settings.public_url.clone(),
        data_dir: settings.data_dir.clone(),
        secret: SecretKey::new(vault.root()),
        signup: settings.signup,
        trusted_proxies: settings.trusted_proxies.clone(),
        resend_webhook_secret: settings.resend_webhook_secret.clone(),
        requests_per_minute: settings.requests_per_minute,
        auth: settings.auth.clone(),
    };
    let mut extensions = http::Extensions::new();
    extensions.insert(Engine::start(db.clone(), vault.clone(), settings.clock.clone(), &config).await?);
    extensions.insert(supabase::Keys::open(&config, settings.clock.now())?);
    extensions.insert(federation::Relying::new(&config.auth)?);
    extensions.insert(outreach::address_check());
    extensions.insert(outreach::enrolment());
    extensions.insert(segments::known());
    extensions.insert(intelligence::judging());
    extensions.insert(web::lead_panels());
    extensions.insert(leads::Memory::default());
    Ok(App::new(AppParts { db, clock: settings.clock.clone(), cache, feed, mailer, vault, config, extensions }))
}

/// The key-encryption key: from the settings, else made once and kept in the data directory.
fn key_ring(settings: &Settings) -> Result<KeyRing> {
    let previous = settings.previous_secret_keys.clone();
    if let Some(key) = &settings.secret_key {
        return Ok(KeyRing { current: key.clone(), previous });
    }
    let path = settings.data_dir.join("secret.key");
    let current = match std::fs::read_to_string(&path) {
        Ok(text) => MasterKey::parse(&path.display().to_string(), &text).map_err(anyhow::Error::msg)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let (key, text) = MasterKey::generate();
            write_private(&path, &text).with_context(|| format!("{} could not be written", path.display()))?;
            key
        }
        Err(error) => bail!("{} could not be read: {error}", path.display()),
    };
    Ok(KeyRing { current, previous })
}

/// Writes a file that only we may read, all of it or nothing.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let unfinished = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&unfinished, path)
}
