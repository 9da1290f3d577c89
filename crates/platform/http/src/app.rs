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
    pub config: Config,
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: AppParts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = AppParts;
    fn deref(&self) -> &AppParts {
        &self.0
    }
}
