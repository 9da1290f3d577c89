//! LISTEN on a connection of its own, which no pooler may share.

use std::{future::poll_fn, time::Duration};

use tokio::sync::mpsc;
use tokio_postgres::AsyncMessage;

/// Calls `on_message(channel, payload)` for each notification, reconnecting for ever. A notification is
/// a hint: after a reconnect `on_message` is called once with an empty payload for each channel, since some may have been missed.
pub fn spawn(
    url: String,
    channels: &'static [&'static str],
    on_message: impl Fn(&str, &str) + Send + Sync + 'static,
) -> tokio::task::JoinHandle<()> {
    spawn_watched(url, channels, |_| {}, on_message)
}

/// The same for who must know when nothing can be heard: `on_state(true)` once the channels are
/// listened to, before any message, and `on_state(false)` when the connection is lost.
pub fn spawn_watched(
    url: String,
    channels: &'static [&'static str],
    on_state: impl Fn(bool) + Send + Sync + 'static,
    on_message: impl Fn(&str, &str) + Send + Sync + 'static,
) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            let ended = listen(&url, channels, &on_state, &on_message).await;
            on_state(false);
            if let Err(error) = ended {
                tracing::warn!(%error, "listening for notifications was interrupted; polling goes on meanwhile");
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    })
}

async fn listen(
    url: &str,
    channels: &'static [&'static str],
    on_state: &(impl Fn(bool) + Send + Sync),
    on_message: &(impl Fn(&str, &str) + Send + Sync),
) -> Result<(), crate::DbError> {
    let (client, mut connection) = crate::pool::connect(url).await?;
    let (tx, mut rx) = mpsc::unbounded_channel();
    let driver = tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
            if let AsyncMessage::Notification(note) = message
                && tx.send(note).is_err()
            {
                break;
            }
        }
    });
    let statements: String = channels.iter().map(|c| format!("LISTEN {c};")).collect();
    client.batch_execute(&statements).await?;
    on_state(true);
    for channel in channels {
        on_message(channel, "");
    }
    while let Some(note) = rx.recv().await {
        on_message(note.channel(), note.payload());
    }
    driver.abort();
    Ok(())
}
