//! Starts, adopts and stops the server process.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::Child;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::NoTls;
use tokio_postgres::error::SqlState;

use super::cluster::{Cluster, Endpoint, OWNER};
use super::error::EmbeddedError;
use super::pid_file::{self, PidFile};

const POLL: Duration = Duration::from_millis(10);
/// For a fast shutdown: the final checkpoint of a large cache on a slow disk.
const FAST_PATIENCE: Duration = Duration::from_secs(60);
const IMMEDIATE_PATIENCE: Duration = Duration::from_secs(10);
/// Backends of a killed postmaster notice its death at their next wait; a new one has to let them leave.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(30);

/// A running server.
#[derive(Debug)]
pub(super) enum Postmaster {
    Child(Child),
    /// Left behind by an earlier parent; only its pid is ours.
    Adopted(u32),
}

enum Launch {
    Ready(Child),
    /// Worth another try: the reason will pass.
    Busy(EmbeddedError),
}

impl Postmaster {
    /// Starts the server and returns when its database answers.
    pub(super) async fn launch(cluster: &Cluster) -> Result<Self, EmbeddedError> {
        cluster.write_settings()?;
        let give_up = Instant::now() + ORPHAN_PATIENCE;
        loop {
            match launch_once(cluster).await? {
                Launch::Ready(child) => {
                    let mut postmaster = Self::Child(child);
                    if let Err(error) = ensure_database(cluster).await {
                        stop(cluster, &mut postmaster).await?;
                        return Err(error);
                    }
                    return Ok(postmaster);
                }
                Launch::Busy(error) if Instant::now() > give_up => return Err(error),
                Launch::Busy(_) => sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Returns when the server is gone, for whatever reason.
    pub(super) async fn gone(&mut self, cluster: &Cluster) {
        match self {
            Self::Child(child) => {
                // An error means that there is no such child any more.
                let _ = child.wait().await;
            }
            Self::Adopted(pid) => {
                while pid_file::is_alive(*pid, &cluster.dir) {
                    sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }

    fn exited(&mut self, cluster: &Cluster) -> bool {
        match self {
            Self::Child(child) => !matches!(child.try_wait(), Ok(None)),
            Self::Adopted(pid) => !pid_file::is_alive(*pid, &cluster.dir),
        }
    }

    fn pid(&self) -> Option<u32> {
        match self {
            Self::Child(child) => child.id(),
            Self::Adopted(pid) => Some(*pid),
        }
    }
}

/// A server of this cluster that outlived its parent, if it answers to our password and has the wanted settings.
/// One that does not is stopped in good order.
pub(super) async fn adopt(cluster: &Cluster) -> Result<Option<Postmaster>, EmbeddedError> {
    let Some(pid) = pid_file::running(&cluster.dir)? else {
        return Ok(None);
    };
    let mut postmaster = Postmaster::Adopted(pid);
    // A parent killed while its server started leaves one that is not ready yet; one told to stop will never be again.
    let patience = Instant::now() + Duration::from_secs(5);
    let file = loop {
        match PidFile::read(&cluster.dir).filter(|file| file.pid == pid) {
            Some(file) if file.ready || Instant::now() > patience => break Some(file),
            Some(_) => sleep(POLL).await,
            None => break None,
        }
    };
    let same_settings = cluster.write_settings()?;
    if let Some(file) = file.filter(|file| file.ready && same_settings) {
        if let (Endpoint::Loopback, Some(port)) = (&cluster.endpoint, file.port) {
            cluster.set_port(port);
        }
        match ensure_database(cluster).await {
            Ok(()) => {
                tracing::info!(pid, "found the private PostgreSQL still running, using it");
                return Ok(Some(postmaster));
            }
            Err(error) => {
                tracing::warn!(pid, %error, "the private PostgreSQL left by an earlier run does not answer: restarting it")
            }
        }
    }
    stop(cluster, &mut postmaster).await?;
    if cluster.endpoint == Endpoint::Loopback {
        cluster.set_port(0);
    }
    Ok(None)
}

async fn launch_once(cluster: &Cluster) -> Result<Launch, EmbeddedError> {
    let log_path = cluster.log.path();
    cluster.log.rotate().map_err(EmbeddedError::io("rotate", log_path))?;
    let log_start = cluster.log.size();
    let log = cluster.log.open().map_err(EmbeddedError::io("open", log_path))?;
    let log_copy = log.try_clone().map_err(EmbeddedError::io("open", log_path))?;
    let fresh_port = cluster.port() == 0;
    if fresh_port {
        cluster.set_port(free_port().map_err(EmbeddedError::io("find a free loopback port for", &cluster.dir))?);
    }
    let mut child = cluster
        .command("postgres")
        .arg("-D")
        .arg(&cluster.dir)
        .args(["-p", &cluster.port().to_string()])
        .stdout(Stdio::from(log))
        .stderr(Stdio::from(log_copy))
        // Its own group, so that Ctrl-C in the terminal reaches us alone and we can stop it in order.
        .process_group(0)
        .spawn()
        .map_err(EmbeddedError::io("start PostgreSQL in", &cluster.dir))?;

    let failed = |reason: String, tail: String| EmbeddedError::Start { dir: cluster.dir.clone(), log: log_path.to_owned(), reason, tail };
    let started = Instant::now();
    let mut told = started;
    loop {
        if let Some(status) = child.try_wait().map_err(EmbeddedError::io("watch PostgreSQL in", &cluster.dir))? {
            let tail = cluster.log.since(log_start);
            let port_taken = fresh_port && tail.contains("Address already in use");
            if port_taken {
                cluster.set_port(0);
            }
            let passes = port_taken || tail.contains("is still in use");
            let error = failed(exit_text(status), tail);
            return if passes { Ok(Launch::Busy(error)) } else { Err(error) };
        }
        if PidFile::read(&cluster.dir).is_some_and(|file| file.ready && Some(file.pid) == child.id()) {
            return Ok(Launch::Ready(child));
        }
        if started.elapsed() > cluster.start_timeout {
            let tail = cluster.log.since(log_start);
            stop(cluster, &mut Postmaster::Child(child)).await?;
            return Err(failed(format!("it was not ready after {} seconds", cluster.start_timeout.as_secs()), tail));
        }
        if told.elapsed() > Duration::from_secs(5) {
            told = Instant::now();
            tracing::info!(seconds = started.elapsed().as_secs(), "PostgreSQL is still starting (it may be recovering from a crash)");
        }
        sleep(POLL).await;
    }
}

fn exit_text(status: ExitStatus) -> String {
    format!("it ended at once ({status})")
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

/// Connects with our password, which proves that the server is ours, and makes the database where it is missing.
async fn ensure_database(cluster: &Cluster) -> Result<(), EmbeddedError> {
    let failed = |error: &tokio_postgres::Error| {
        let mut reason = error.as_db_error().map_or_else(|| error.to_string(), |error| error.message().to_owned());
        if error.code() == Some(&SqlState::INVALID_PASSWORD) {
            let file = cluster.home.join("postgres.password");
            reason = format!("it does not know the password in {0} (mend it with `rm {0}`: the next start sets a new one)", file.display());
        }
        let tail = cluster.log.since(0);
        EmbeddedError::Start { dir: cluster.dir.clone(), log: cluster.log.path().to_owned(), reason, tail }
    };
    match cluster.connection(OWNER).connect(NoTls).await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => {
            let (client, connection) = cluster.connection("postgres").connect(NoTls).await.map_err(|error| failed(&error))?;
            let driver = tokio::spawn(connection);
            let made = client.batch_execute(&format!("CREATE DATABASE {OWNER}")).await;
            driver.abort();
            made.map_err(|error| failed(&error))
        }
        Err(error) => Err(failed(&error)),
    }
}

/// A fast shutdown; then an immediate one, from which the next start recovers; then the kill of our own child.
pub(super) async fn stop(cluster: &Cluster, postmaster: &mut Postmaster) -> Result<(), EmbeddedError> {
    for (mode, patience) in [("fast", FAST_PATIENCE), ("immediate", IMMEDIATE_PATIENCE)] {
        if postmaster.exited(cluster) {
            return Ok(());
        }
        signal(cluster, mode).await?;
        if timeout(patience, exit(cluster, postmaster)).await.is_ok() {
            return Ok(());
        }
        tracing::warn!(mode, "PostgreSQL did not stop in time");
    }
    let pid = postmaster.pid().unwrap_or_default();
    match postmaster {
        Postmaster::Child(child) => child.kill().await.map_err(|_| EmbeddedError::Stop { pid }),
        Postmaster::Adopted(_) => Err(EmbeddedError::Stop { pid }),
    }
}

async fn exit(cluster: &Cluster, postmaster: &mut Postmaster) {
    match postmaster {
        Postmaster::Child(_) => postmaster.gone(cluster).await,
        Postmaster::Adopted(pid) => {
            while pid_file::is_alive(*pid, &cluster.dir) {
                sleep(POLL).await;
            }
        }
    }
}

/// `pg_ctl` only sends the signal: it waits in steps of 100 ms, we in smaller ones.
async fn signal(cluster: &Cluster, mode: &str) -> Result<(), EmbeddedError> {
    let output = stop_command(cluster, mode).output().await.map_err(EmbeddedError::io("run pg_ctl for", &cluster.dir))?;
    if !output.status.success() {
        // Usually because it went away by itself in between; the wait that follows finds out.
        tracing::debug!(said = %String::from_utf8_lossy(&output.stderr).trim(), "pg_ctl stop");
    }
    Ok(())
}

fn stop_command(cluster: &Cluster, mode: &str) -> tokio::process::Command {
    let mut command = cluster.command("pg_ctl");
    command.args(["stop", "--no-wait", "-m", mode, "-D"]).arg(&cluster.dir);
    command
}

/// For a handle dropped without `stop`: sends the signal from wherever that happens, also outside a runtime.
pub(super) fn ask_to_stop(cluster: &Cluster) {
    let mut command = stop_command(cluster, "fast");
    if let Err(error) = command.as_std_mut().stdout(Stdio::null()).stderr(Stdio::null()).status() {
        tracing::warn!(%error, "could not ask the private PostgreSQL to stop");
    }
}
