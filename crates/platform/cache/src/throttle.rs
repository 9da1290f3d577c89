use std::time::Duration;

/// So many uses per period, all of which may come at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub uses: u32,
    pub per: Duration,
}

/// What a rate still allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    pub rate: Rate,
    /// Uses that may come at once now.
    pub remaining: u32,
    /// Until all uses are there again, if none is made meanwhile.
    pub reset: Duration,
}

/// Too many; try again after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    pub retry_after: Duration,
    pub allowance: Allowance,
}

impl Allowance {
    /// The one of two that runs out first.
    #[must_use]
    pub fn tighter(self, other: Self) -> Self {
        let share = |of: Self, with: Self| u64::from(of.remaining) * u64::from(with.rate.uses);
        // At the same share the fewer uses: 0 of 10 and 0 of 1000 are alike, but say 10.
        if (share(self, other), self.rate.uses) <= (share(other, self), other.rate.uses) { self } else { other }
    }
}

impl Rate {
    /// The generic cell rate algorithm (ITU-T I.371): one number per key, the theoretical arrival time of
    /// the next use. `ahead` is how far it lies ahead of now, in microseconds, before this use (0: not at all).
    pub(crate) fn judge(self, ahead: i64) -> Result<Allowance, Throttled> {
        let (period, interval) = (self.period(), self.interval());
        let wait = ahead + interval - period;
        let next = if wait > 0 { ahead } else { ahead + interval };
        let remaining = u32::try_from((period - next).max(0) / interval).unwrap_or(u32::MAX).min(self.uses);
        let allowance = Allowance { rate: self, remaining, reset: Duration::from_micros(next.unsigned_abs()) };
        if wait > 0 { Err(Throttled { retry_after: Duration::from_micros(wait.unsigned_abs()), allowance }) } else { Ok(allowance) }
    }

    /// In microseconds.
    pub(crate) fn period(self) -> i64 {
        i64::try_from(self.per.as_micros()).unwrap_or(i64::MAX)
    }

    /// Between two uses of a steady stream, in microseconds.
    pub(crate) fn interval(self) -> i64 {
        (self.period() / i64::from(self.uses.max(1))).max(1)
    }
}

/// The verdict over several keys: the tightest allowance, or the longest wait.
pub(crate) fn judge_all(rates: impl IntoIterator<Item = (Rate, i64)>) -> Result<Option<Allowance>, Throttled> {
    let (mut tightest, mut refusal): (Option<Allowance>, Option<Throttled>) = (None, None);
    for (rate, ahead) in rates {
        match rate.judge(ahead) {
            Ok(allowance) => tightest = Some(tightest.map_or(allowance, |so_far| so_far.tighter(allowance))),
            Err(throttled) => {
                refusal = Some(refusal.filter(|so_far| so_far.retry_after >= throttled.retry_after).unwrap_or(throttled));
            }
        }
    }
    refusal.map_or(Ok(tightest), Err)
}

/// The same in Redis, by its clock, in one atomic round trip: counts one use of every key, or of none if one
/// refuses. `ARGV` holds period and interval of each key. Answers how far ahead each key was before.
pub(crate) const GCRA_LUA: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local ahead, refused = {}, false
for i, key in ipairs(KEYS) do
  local period, interval = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  ahead[i] = math.max(tonumber(redis.call('GET', key) or now) - now, 0)
  if ahead[i] + interval > period then refused = true end
end
if not refused then
  for i, key in ipairs(KEYS) do
    local next = ahead[i] + tonumber(ARGV[2 * i])
    redis.call('SET', key, string.format('%.0f', now + next), 'PX', math.ceil(next / 1000))
  end
end
return ahead
";

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { uses: 3, per: Duration::from_secs(3) };

    #[test]
    fn what_is_left_counts_down_and_comes_back() {
        let left = |ahead| RATE.judge(ahead).map(|a| (a.remaining, a.reset.as_secs()));
        assert_eq!(left(0), Ok((2, 1)));
        assert_eq!(left(1_000_000), Ok((1, 2)));
        assert_eq!(left(2_000_000), Ok((0, 3)));
        let refused = RATE.judge(3_000_000).unwrap_err();
        assert_eq!((refused.retry_after, refused.allowance.remaining), (Duration::from_secs(1), 0));
        assert_eq!(refused.allowance.reset, Duration::from_secs(3));
        assert_eq!(left(1_500_000), Ok((0, 2)));
    }

    #[test]
    fn odd_rates_do_not_overflow() {
        for rate in [
            Rate { uses: 0, per: Duration::ZERO },
            Rate { uses: u32::MAX, per: Duration::from_secs(1) },
            Rate { uses: 7, per: Duration::from_secs(60) },
        ] {
            assert!(rate.judge(0).unwrap_or_else(|refused| refused.allowance).remaining <= rate.uses);
        }
    }

    #[test]
    fn of_several_the_tightest_speaks() {
        let wide = Rate { uses: 100, per: Duration::from_secs(100) };
        let tightest = judge_all([(wide, 0), (RATE, 0)]).unwrap().unwrap();
        assert_eq!((tightest.rate, tightest.remaining), (RATE, 2));
        let refused = judge_all([(wide, 100_000_000), (RATE, 0), (RATE, 3_500_000)]).unwrap_err();
        assert_eq!((refused.allowance.rate, refused.retry_after), (RATE, Duration::from_micros(1_500_000)));
        assert_eq!(judge_all([]), Ok(None));
    }
}
