//! Keeps the server running: starts it again when it dies by itself (the kernel's out-of-memory killer likes it), rotates its log.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::cluster::Cluster;
use super::error::EmbeddedError;
use super::postmaster::{self, Postmaster};

/// Owns the server process. Dropped, it lets go of it without stopping it.
#[derive(Debug)]
pub(super) struct Supervisor {
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), EmbeddedError>>,
}

impl Supervisor {
    pub(super) fn watch(cluster: Arc<Cluster>, postmaster: Postmaster) -> Self {
        let (stop, stopped) = oneshot::channel();
        Self { stop: Some(stop), task: tokio::spawn(supervise(cluster, postmaster, stopped)) }
    }

    pub(super) async fn stop(mut self) -> Result<(), EmbeddedError> {
        if let Some(stop) = self.stop.take() {
            // Fails only when the task has ended, which the next line finds out.
            let _ = stop.send(());
        }
        (&mut self.task).await.unwrap_or(Ok(()))
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn supervise(cluster: Arc<Cluster>, mut postmaster: Postmaster, mut stopped: oneshot::Receiver<()>) -> Result<(), EmbeddedError> {
    let mut every_minute = interval(Duration::from_secs(60));
    every_minute.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            _ = &mut stopped => return postmaster::stop(&cluster, &mut postmaster).await,
            () = postmaster.gone(&cluster) => {
                tracing::error!(log = %cluster.log.path().display(), "the private PostgreSQL died: starting it again");
                match restart(&cluster, &mut stopped).await {
                    Some(restarted) => postmaster = restarted,
                    None => return Ok(()),
                }
            }
            _ = every_minute.tick() => {
                if let Err(error) = cluster.log.rotate() {
                    tracing::warn!(%error, log = %cluster.log.path().display(), "could not rotate the log of PostgreSQL");
                }
            }
        }
    }
}

/// Tries until it succeeds or we are told to stop (`None`). A full disk may take its time.
async fn restart(cluster: &Cluster, stopped: &mut oneshot::Receiver<()>) -> Option<Postmaster> {
    let mut pause = Duration::from_millis(250);
    loop {
        // Not cancelled half-way: a server that has just been started must be ours to stop.
        match Postmaster::launch(cluster).await {
            Ok(postmaster) => return Some(postmaster),
            Err(error) => tracing::error!(%error, "the private PostgreSQL does not start"),
        }
        tokio::select! {
            biased;
            _ = &mut *stopped => return None,
            () = sleep(pause) => pause = (pause * 2).min(Duration::from_secs(30)),
        }
    }
}
