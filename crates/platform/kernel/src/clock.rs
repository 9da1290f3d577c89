use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::Timestamp;

/// Business time. Everything that decides *when* (schedules, delays, due dates, ages) asks the
/// clock it was given; nothing else in the workspace may call `Timestamp::now` (see `clippy.toml`).
/// Leases and other machine time use the database's clock instead, so that nodes agree.
#[derive(Debug, Clone)]
pub struct Clock(Kind);

#[derive(Debug, Clone)]
enum Kind {
    System,
    /// Runs `speed` times faster than real time since `origin` (both in microseconds since 1970).
    Fast {
        origin: i64,
        speed: i64,
    },
    /// Stands still until told otherwise.
    Manual(Arc<AtomicI64>),
}

/// Why the text of a clock setting was refused.
#[derive(Debug, thiserror::Error)]
#[error(
    "LEADLINE_CLOCK: {0:?} is not `START@SPEED`, e.g. `2026-01-05T09:00:00Z@3600` (an RFC 3339 time, a whole number from 1 to 1000000)"
)]
pub struct ClockError(String);

impl Clock {
    /// The machine's clock.
    pub const fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands at `at`, for tests; move it with [`Clock::advance`].
    pub fn manual(at: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(AtomicI64::new(at.as_microsecond()))))
    }

    /// Parses `START@SPEED`: time passes normally up to `START` and `SPEED` times faster after it.
    /// A pure function of real time, so that a restarted process continues where the last one was.
    pub fn parse_fast(text: &str) -> Result<Self, ClockError> {
        let bad = || ClockError(text.to_owned());
        let (start, speed) = text.split_once('@').ok_or_else(bad)?;
        let origin = start.parse::<Timestamp>().map_err(|_| bad())?.as_microsecond();
        let speed = speed.parse::<i64>().ok().filter(|s| (1..=1_000_000).contains(s)).ok_or_else(bad)?;
        Ok(Self(Kind::Fast { origin, speed }))
    }

    /// The current instant, to the microsecond (what PostgreSQL keeps).
    pub fn now(&self) -> Timestamp {
        let micros = match &self.0 {
            Kind::System => real_micros(),
            Kind::Fast { origin, speed } => {
                let real = real_micros();
                if real <= *origin { real } else { origin + (real - origin).saturating_mul(*speed) }
            }
            Kind::Manual(at) => at.load(Ordering::SeqCst),
        };
        Timestamp::from_microsecond(micros).unwrap_or(Timestamp::MAX)
    }

    /// How many seconds of this clock pass in one real second.
    pub fn speed(&self) -> i64 {
        match self.0 {
            Kind::Fast { speed, .. } => speed,
            Kind::System | Kind::Manual(_) => 1,
        }
    }

    /// Moves a manual clock forward; other clocks move by themselves and ignore it.
    pub fn advance(&self, by: jiff::SignedDuration) {
        if let Kind::Manual(at) = &self.0 {
            at.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn real_micros() -> i64 {
    Timestamp::now().as_microsecond()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[test]
    fn a_fast_clock_runs_fast_after_its_origin_and_is_refused_when_malformed() {
        let clock = Clock::parse_fast("2000-01-01T00:00:00Z@3600").unwrap();
        let real = Clock::system().now();
        assert!(clock.now().duration_since(real) > SignedDuration::from_hours(24 * 365));
        for bad in ["", "now@5", "2026-01-05T09:00:00Z", "2026-01-05T09:00:00Z@0", "2026-01-05T09:00:00Z@x"] {
            assert!(Clock::parse_fast(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_manual_clock_moves_only_when_told() {
        let clock = Clock::manual("2026-01-05T09:00:00Z".parse().unwrap());
        clock.advance(SignedDuration::from_hours(2));
        assert_eq!(clock.now().to_string(), "2026-01-05T11:00:00Z");
    }
}
