use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{Stream, StreamExt};
use moka::{Expiry, future::Cache};
use tokio::sync::broadcast;
use tokio_stream::wrappers::BroadcastStream;

use crate::throttle::{Allowance, Rate, Throttled, judge_all};

type Entry = (Arc<[u8]>, Duration);
type Channels = Arc<Mutex<HashMap<String, broadcast::Sender<String>>>>;

/// How long throttles stay here after Redis has failed, in microseconds.
const ALONE_MICROS: i64 = 1_000_000;

/// The in-process form. Bounded: 64 MB of values, 100,000 throttles.
#[derive(Clone)]
pub(crate) struct Local {
    values: Cache<String, Entry>,
    arrivals: Arc<Mutex<HashMap<String, i64>>>,
    channels: Channels,
    started: Instant,
    alone_until: Arc<AtomicI64>,
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
        Self { values, arrivals: Arc::default(), channels: Arc::default(), started: Instant::now(), alone_until: Arc::default() }
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

    pub(crate) fn throttle(&self, keys: &[(&str, Rate)]) -> Result<Option<Allowance>, Throttled> {
        let now = self.micros();
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        if arrivals.len() > 100_000 {
            arrivals.retain(|_, arrival| *arrival > now);
        }
        let ahead = |key: &str| arrivals.get(key).map_or(0, |arrival| (arrival - now).max(0));
        let ahead: Vec<i64> = keys.iter().map(|(key, _)| ahead(key)).collect();
        let verdict = judge_all(keys.iter().map(|(_, rate)| *rate).zip(ahead.iter().copied()))?;
        for ((key, rate), ahead) in keys.iter().zip(ahead) {
            arrivals.insert((*key).to_owned(), now + ahead + rate.interval());
        }
        Ok(verdict)
    }

    /// Whether Redis has just failed: a request should not wait for it to fail again.
    pub(crate) fn is_alone(&self) -> bool {
        self.micros() < self.alone_until.load(Ordering::Relaxed)
    }

    pub(crate) fn stay_alone(&self) {
        self.alone_until.store(self.micros().saturating_add(ALONE_MICROS), Ordering::Relaxed);
    }

    fn micros(&self) -> i64 {
        i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX)
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
