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
    redis: Child,
    redis_port: u16,
    _home: TempDir,
}

impl Services {
    /// Starts both, and migrates the template.
    pub async fn start() -> Result<Self> {
        let home = tempfile::Builder::new().prefix("leadline-test-").tempdir()?;
        open_to_the_server(&home)?;
        let postgres = EmbeddedPostgres::start(home.path(), EmbeddedOptions::throwaway()).await?;
        execute(&postgres.url(), &format!("CREATE DATABASE {TEMPLATE}")).await?;
        db::migrate::run(&replace_database(&postgres.url(), TEMPLATE)).await?;
        let redis_port = free_port()?;
        let redis = start_redis(&home, redis_port).await?;
        Ok(Self { postgres, redis, redis_port, _home: home })
    }

    /// The superuser's address of PostgreSQL.
    pub fn database_url(&self) -> String {
        self.postgres.url()
    }

    /// The address of Redis.
    pub fn redis_url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.redis_port)
    }

    /// Stops both.
    pub async fn stop(mut self) -> Result<()> {
        let _ = self.redis.kill();
        let _ = self.redis.wait();
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
