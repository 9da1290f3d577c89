use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use db::embedded::{EmbeddedOptions, EmbeddedPostgres};
use tempfile::TempDir;

use crate::{
    TEMPLATE,
    database::{execute, replace_database},
};

/// The run's PostgreSQL and Redis.
pub struct Services {
    postgres: EmbeddedPostgres,
    redis: Redis,
    _home: TempDir,
}

/// A Redis of its own; stopped when dropped.
pub struct Redis {
    server: Child,
    port: u16,
    _home: TempDir,
}

impl Redis {
    /// Starts one on a free port.
    pub async fn start() -> Result<Self> {
        let home = tempfile::tempdir()?;
        let port = free_port()?;
        Ok(Self { server: start_redis(&home, port).await?, port, _home: home })
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        let _ = self.server.kill(); // it may have ended by itself
        let _ = self.server.wait();
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Services {
    /// Starts both, and migrates the template.
    pub async fn start() -> Result<Self> {
        let home = tempfile::Builder::new().prefix("leadline-test-").tempdir()?;
        open_to_the_server(&home)?;
        let postgres = EmbeddedPostgres::start(home.path(), EmbeddedOptions::throwaway()).await?;
        execute(&postgres.url(), &format!("CREATE DATABASE {TEMPLATE}")).await?;
        db::migrate::run(&replace_database(&postgres.url(), TEMPLATE)).await?;
        Ok(Self { postgres, redis: Redis::start().await?, _home: home })
    }

    /// The superuser's address of PostgreSQL.
    pub fn database_url(&self) -> String {
        self.postgres.url()
    }

    /// The same server's migrated and otherwise empty database.
    pub fn template_url(&self) -> String {
        replace_database(&self.postgres.url(), TEMPLATE)
    }

    /// The address of Redis.
    pub fn redis_url(&self) -> String {
        self.redis.url()
    }

    /// Stops both.
    pub async fn stop(mut self) -> Result<()> {
        self.redis.kill();
        self.postgres.stop().await?;
        Ok(())
    }
}

/// PostgreSQL refuses to run as root and then runs as another user, who must get through.
fn open_to_the_server(home: &TempDir) -> Result<()> {
    #[cfg(unix)]
    std::fs::set_permissions(home.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
    Ok(())
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

async fn start_redis(home: &TempDir, port: u16) -> Result<Child> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir"])
        .arg(home.path())
        .stdout(Stdio::null())
        .spawn()
        .context("redis-server could not be started: install it with `apt-get install redis-server` (or `brew install redis`)")?;
    for _ in 0..200 {
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            return Ok(child);
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    let _ = child.kill();
    bail!("redis-server did not answer on port {port}")
}
