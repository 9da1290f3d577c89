use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt};
use redis::{
    AsyncCommands, Client, RedisResult, Script,
    aio::{ConnectionLike, ConnectionManager, ConnectionManagerConfig},
    cluster::ClusterClient,
    cluster_async::ClusterConnection,
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use crate::throttle::{Allowance, GCRA_LUA, Rate, Throttled, judge_all};

/// Keys of ours carry a prefix, so that a Redis may be shared.
const PREFIX: &str = "leadline:";

/// The Redis form.
#[derive(Clone)]
pub(crate) struct Remote {
    connection: Connection,
    /// A single node to subscribe at: in a cluster, PUBLISH reaches every node.
    subscribe_at: Client,
    gcra: Arc<Script>,
}

#[derive(Clone)]
enum Connection {
    Node(ConnectionManager),
    Cluster(ClusterConnection),
}

macro_rules! on {
    ($self:expr, $connection:ident => $call:expr) => {
        match $self.connection.clone() {
            Connection::Node(mut $connection) => $call,
            Connection::Cluster(mut $connection) => $call,
        }
    };
}

impl Remote {
    pub(crate) async fn connect(url: &str) -> RedisResult<Self> {
        let nodes: Vec<&str> = url.split(',').map(str::trim).filter(|node| !node.is_empty()).collect();
        let first = nodes.first().copied().unwrap_or_default();
        let subscribe_at = Client::open(first)?;
        let connection = if nodes.len() > 1 {
            Connection::Cluster(ClusterClient::new(nodes)?.get_async_connection().await?)
        } else {
            // Short: a request must not wait for a cache that is down.
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(Duration::from_secs(2)))
                .set_response_timeout(Some(Duration::from_millis(250)))
                .set_number_of_retries(1);
            Connection::Node(ConnectionManager::new_with_config(subscribe_at.clone(), config).await?)
        };
        Ok(Self { connection, subscribe_at, gcra: Arc::new(Script::new(GCRA_LUA)) })
    }

    pub(crate) async fn ping(&self) -> RedisResult<String> {
        on!(self, c => ping(&mut c).await)
    }

    pub(crate) async fn get(&self, key: &str) -> RedisResult<Option<Vec<u8>>> {
        on!(self, c => c.get(format!("{PREFIX}{key}")).await)
    }

    pub(crate) async fn set(&self, key: &str, value: Vec<u8>, ttl: Duration) -> RedisResult<()> {
        let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
        on!(self, c => c.pset_ex(format!("{PREFIX}{key}"), value, millis).await)
    }

    pub(crate) async fn delete(&self, key: &str) -> RedisResult<()> {
        on!(self, c => c.del(format!("{PREFIX}{key}")).await)
    }

    pub(crate) async fn throttle(&self, keys: &[(&str, Rate)]) -> RedisResult<Result<Option<Allowance>, Throttled>> {
        let mut ahead: Vec<i64> = Vec::with_capacity(keys.len());
        // The keys of one script must lie on one node of a cluster, and these are scattered over them.
        let at_once = if matches!(self.connection, Connection::Cluster(_)) { 1 } else { keys.len().max(1) };
        for keys in keys.chunks(at_once) {
            let mut call = self.gcra.prepare_invoke();
            for (key, rate) in keys {
                call.key(format!("{PREFIX}throttle:{key}")).arg(rate.period()).arg(rate.interval());
            }
            let found: Vec<i64> = on!(self, c => call.invoke_async(&mut c).await)?;
            let verdict = judge_all(keys.iter().map(|(_, rate)| *rate).zip(found.iter().copied()));
            if let Err(throttled) = verdict {
                return Ok(Err(throttled));
            }
            ahead.extend(found);
        }
        Ok(judge_all(keys.iter().map(|(_, rate)| *rate).zip(ahead)))
    }

    pub(crate) async fn publish(&self, channel: &str, message: &str) -> RedisResult<()> {
        on!(self, c => c.publish(format!("{PREFIX}{channel}"), message).await)
    }

    /// Reconnects for ever; what was said meanwhile is missed.
    pub(crate) fn subscribe(&self, channel: &'static str) -> impl Stream<Item = String> + Send + use<> {
        let (tx, rx) = mpsc::channel(1024);
        let client = self.subscribe_at.clone();
        tokio::spawn(async move {
            while !tx.is_closed() {
                if let Err(error) = listen(&client, channel, &tx).await {
                    tracing::warn!(%error, channel, "the subscription to Redis broke; it is renewed");
                }
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        });
        ReceiverStream::new(rx)
    }
}

async fn ping(connection: &mut (impl ConnectionLike + Send)) -> RedisResult<String> {
    redis::cmd("PING").query_async(connection).await
}

async fn listen(client: &Client, channel: &str, tx: &mpsc::Sender<String>) -> RedisResult<()> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(format!("{PREFIX}{channel}")).await?;
    let mut messages = subscription.on_message();
    while let Some(message) = messages.next().await {
        if tx.send(message.get_payload()?).await.is_err() {
            break;
        }
    }
    Ok(())
}
