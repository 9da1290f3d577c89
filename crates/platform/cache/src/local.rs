use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use futures_util::{Stream, StreamExt};
use moka::{Expiry, future::Cache};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::throttle::{Rate, Throttled, gcra};

type Entry = (Arc<[u8]>, Duration);
type Channels = Arc<Mutex<HashMap<String, broadcast::Sender<String>>>>;

/// The in-process form. Bounded: 64 MB of values, 100,000 throttles.
#[derive(Clone)]
pub(crate) struct Local {
    values: Cache<String, Entry>,
    arrivals: Arc<Mutex<HashMap<String, i64>>>,
    channels: Channels,
    started: Instant,
}

struct EachItsOwn;

impl Expiry<String, Entry> for EachItsOwn {
    fn expire_after_create(&self, _: &String, (_, ttl): &Entry, _: Instant) -> Option<Duration> {
        Some(*ttl)
    }
    fn expire_after_update(&self, _: &String, (_, ttl): &Entry, _: Instant, _: Option<Duration>) -> Option<Duration> {
        Some(*ttl)
    }
}

impl Local {
    pub(crate) fn new() -> Self {
        let values = Cache::builder()
            .max_capacity(64 << 20)
            .weigher(|key: &String, (value, _): &Entry| u32::try_from(key.len() + value.len() + 64).unwrap_or(u32::MAX))
            .expire_after(EachItsOwn)
            .build();
        Self { values, arrivals: Arc::default(), channels: Arc::default(), started: Instant::now() }
    }

    pub(crate) async fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.values.get(key).await.map(|(value, _)| value.to_vec())
    }

    pub(crate) async fn set(&self, key: &str, value: Vec<u8>, ttl: Duration) {
        self.values.insert(key.to_owned(), (value.into(), ttl)).await;
    }

    pub(crate) async fn delete(&self, key: &str) {
        self.values.invalidate(key).await;
    }

    pub(crate) fn throttle(&self, key: &str, rate: Rate) -> Result<(), Throttled> {
        let now = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        if arrivals.len() > 100_000 {
            arrivals.retain(|_, arrival| *arrival > now);
        }
        match gcra(arrivals.get(key).copied(), now, rate) {
            Ok(next) => {
                arrivals.insert(key.to_owned(), next);
                Ok(())
            }
            Err(wait) => Err(Throttled { retry_after: Duration::from_micros(wait.unsigned_abs()) }),
        }
    }

    pub(crate) fn publish(&self, channel: &str, message: &str) {
        let channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = channels.get(channel) {
            let _ = sender.send(message.to_owned()); // nobody listens: nobody to tell
        }
    }

    pub(crate) fn subscribe(&self, channel: &str) -> impl Stream<Item = String> + Send + use<> {
        let mut channels = self.channels.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = channels.entry(channel.to_owned()).or_insert_with(|| broadcast::Sender::new(1024));
        BroadcastStream::new(sender.subscribe()).filter_map(async |message| message.ok())
    }
}
