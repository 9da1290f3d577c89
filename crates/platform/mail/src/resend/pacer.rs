use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use reqwest::header::HeaderMap;
use tokio::time::Instant;

/// Spaces requests evenly, as fast as the API's own headers allow.
#[derive(Debug)]
pub(super) struct Pacer(Mutex<Pace>);

#[derive(Debug)]
struct Pace {
    gap: Duration,
    next: Instant,
}

impl Pacer {
    pub(super) fn new(requests_per_second: f64) -> Self {
        let gap = Duration::from_secs_f64(1.0 / requests_per_second.clamp(0.01, 10_000.0));
        Self(Mutex::new(Pace { gap, next: Instant::now() }))
    }

    /// Waits for this request's turn, or says how long it would have to wait beyond `longest`.
    pub(super) async fn turn(&self, longest: Duration) -> Result<(), Duration> {
        let at = {
            let mut pace = self.lock();
            let at = pace.next.max(Instant::now());
            let wait = at.duration_since(Instant::now());
            if wait > longest {
                return Err(wait);
            }
            pace.next = at + pace.gap;
            at
        };
        tokio::time::sleep_until(at).await;
        Ok(())
    }

    /// Takes over the limit of `ratelimit-limit` (requests a second, or `limit;w=seconds`) and waits
    /// for the next window when `ratelimit-remaining` is used up.
    pub(super) fn learn(&self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let mut pace = self.lock();
        if let Some((limit, window)) = text("ratelimit-limit").and_then(limit_and_window)
            && limit > 0.0
        {
            pace.gap = Duration::from_secs_f64((window / limit).clamp(0.000_1, 60.0));
        }
        if text("ratelimit-remaining").is_some_and(|left| left.trim() == "0")
            && let Some(reset) = seconds(headers, "ratelimit-reset")
        {
            pace.next = pace.next.max(Instant::now() + reset);
        }
    }

    /// No request for this long.
    pub(super) fn pause(&self, time: Duration) {
        let mut pace = self.lock();
        pace.next = pace.next.max(Instant::now() + time);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Pace> {
        // A pace is two plain values; a panic elsewhere cannot leave it half written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A header with a (possibly fractional) number of seconds, at most a day.
pub(super) fn seconds(headers: &HeaderMap, name: &str) -> Option<Duration> {
    let value: f64 = headers.get(name)?.to_str().ok()?.trim().parse().ok()?;
    (value.is_finite() && value >= 0.0).then(|| Duration::from_secs_f64(value.min(86_400.0)))
}

/// `10` is ten a second; `100;w=60` and `10, 100;w=60` follow the IETF draft.
fn limit_and_window(text: &str) -> Option<(f64, f64)> {
    let mut items = text.split([',', ';']).map(str::trim);
    let limit: f64 = items.next()?.parse().ok()?;
    let window = items.find_map(|item| item.strip_prefix("w=")).and_then(|w| w.parse().ok()).unwrap_or(1.0);
    (limit.is_finite() && f64::is_finite(window) && window > 0.0).then_some((limit, window))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read() {
        assert_eq!(limit_and_window("2"), Some((2.0, 1.0)));
        assert_eq!(limit_and_window("100;w=60"), Some((100.0, 60.0)));
        assert_eq!(limit_and_window("10, 100;w=60"), Some((10.0, 60.0)));
        assert_eq!(limit_and_window("many"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn turns_are_spaced_and_long_waits_reported() {
        let pacer = Pacer::new(2.0);
        let start = Instant::now();
        for _ in 0..3 {
            pacer.turn(Duration::from_secs(5)).await.unwrap();
        }
        assert_eq!(start.elapsed().as_millis() / 100, 10, "three turns at two a second take a second");
        pacer.pause(Duration::from_secs(60));
        assert!(pacer.turn(Duration::from_secs(5)).await.unwrap_err() > Duration::from_secs(55));

        let pacer = Pacer::new(2.0);
        let headers = HeaderMap::from_iter(
            [("ratelimit-limit", "10"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "3")]
                .map(|(name, value)| (name.parse::<reqwest::header::HeaderName>().unwrap(), value.parse().unwrap())),
        );
        pacer.learn(&headers);
        let start = Instant::now();
        pacer.turn(Duration::from_secs(5)).await.unwrap();
        assert_eq!(start.elapsed().as_secs(), 3);
        pacer.turn(Duration::from_secs(5)).await.unwrap();
        assert_eq!(start.elapsed().as_millis() / 100, 31);
    }
}
