//! What may be lost: cached values, throttles, and messages between nodes.
//!
//! In process on one node, in Redis (or Redis Cluster) on many. Losing Redis makes Leadline
//! slower, never wrong: reads miss, throttles fall back to this process, messages are hints.

mod local;
mod remote;
mod throttle;

use std::{pin::Pin, time::Duration};

use futures_util::Stream;
pub use throttle::{Allowance, Rate, Throttled};

/// A cache, throttle and message bus.
#[derive(Clone)]
pub struct Cache {
    local: local::Local,
    remote: Option<remote::Remote>,
}

/// Why Redis could not be used.
#[derive(Debug, thiserror::Error)]
#[error("REDIS_URL: {0}")]
pub struct CacheError(#[from] redis::RedisError);

impl Cache {
    /// Everything in this process.
    pub fn in_process() -> Self {
        Self { local: local::Local::new(), remote: None }
    }

    /// Redis at `url`: `redis://`, `rediss://`, or a comma list of cluster nodes.
    pub async fn redis(url: &str) -> Result<Self, CacheError> {
        Ok(Self { local: local::Local::new(), remote: Some(remote::Remote::connect(url).await?) })
    }

    /// Whether other nodes share it.
    pub fn is_shared(&self) -> bool {
        self.remote.is_some()
    }

    /// Whether it answers.
    pub async fn ping(&self) -> Result<String, CacheError> {
        match &self.remote {
            None => Ok("in process".to_owned()),
            Some(remote) => Ok(remote.ping().await?),
        }
    }

    /// The value, if it is there and fresh.
    pub async fn get(&self, key: &str) -> Option<Vec<u8>> {
        match &self.remote {
            None => self.local.get(key).await,
            Some(remote) => remote.get(key).await.unwrap_or_else(|error| missed(&error)),
        }
    }

    /// Keeps a value for `ttl` at most.
    pub async fn set(&self, key: &str, value: Vec<u8>, ttl: Duration) {
        match &self.remote {
            None => self.local.set(key, value, ttl).await,
            Some(remote) => remote.set(key, value, ttl).await.unwrap_or_else(|error| missed(&error)),
        }
    }

    /// Forgets a value.
    pub async fn delete(&self, key: &str) {
        match &self.remote {
            None => self.local.delete(key).await,
            Some(remote) => remote.delete(key).await.unwrap_or_else(|error| missed(&error)),
        }
    }

    /// Counts one use of `key` against `rate` over all nodes that share the cache.
    pub async fn throttle(&self, key: &str, rate: Rate) -> Result<Allowance, Throttled> {
        let full = Allowance { rate, remaining: rate.uses, reset: Duration::ZERO };
        Ok(self.throttle_all(&[(key, rate)]).await?.unwrap_or(full))
    }

    /// Counts one use of every key, or of none if one of them has none left (in a Redis Cluster, whose
    /// scripts reach one key each, those before it are counted). Answers with the tightest allowance.
    pub async fn throttle_all(&self, keys: &[(&str, Rate)]) -> Result<Option<Allowance>, Throttled> {
        if let Some(remote) = self.remote.as_ref().filter(|_| !self.local.is_alone()) {
            match remote.throttle(keys).await {
                Ok(verdict) => return verdict,
                Err(error) => {
                    self.local.stay_alone();
                    missed::<()>(&error);
                }
            }
        }
        self.local.throttle(keys)
    }

    /// Tells every node; those that are not listening do not hear it.
    pub async fn publish(&self, channel: &str, message: &str) {
        match &self.remote {
            None => self.local.publish(channel, message),
            Some(remote) => remote.publish(channel, message).await.unwrap_or_else(|error| missed(&error)),
        }
    }

    /// Messages on `channel` from now on, from all nodes.
    pub fn subscribe(&self, channel: &'static str) -> Pin<Box<dyn Stream<Item = String> + Send>> {
        match &self.remote {
            None => Box::pin(self.local.subscribe(channel)),
            Some(remote) => Box::pin(remote.subscribe(channel)),
        }
    }
}

fn missed<T: Default>(error: &redis::RedisError) -> T {
    tracing::warn!(%error, "Redis did not answer; going on without it");
    T::default()
}

#[cfg(test)]
mod tests;
