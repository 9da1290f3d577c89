use std::{ops::Deref, sync::Arc};

use cache::Cache;
use db::Db;
use events::Feed;
use kernel::Clock;

use crate::Config;

/// What handlers and jobs work with. One concrete type for the whole application.
#[derive(Clone)]
pub struct App(Arc<AppParts>);

/// The parts of [`App`], all cheap to share.
pub struct AppParts {
    pub db: Db,
    pub clock: Clock,
    pub cache: Cache,
    pub feed: Feed,
    pub mailer: mail::Mailer,
    /// Secrets at rest.
    pub vault: vault::Vault,
    pub config: Config,
    /// See [`App::extension`].
    pub extensions: http::Extensions,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }

    /// A slice's own long-lived state, put into [`AppParts::extensions`] at the start under its type:
    /// what lives as long as the process and is too particular for a part of its own.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.0.extensions.get()
    }
}

impl Deref for App {
    type Target = AppParts;
    fn deref(&self) -> &AppParts {
        &self.0
    }
}
