use std::time::Duration;

/// So many uses per period, all of which may come at once.
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    pub uses: u32,
    pub per: Duration,
}

/// Too many; try again after this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Throttled {
    pub retry_after: Duration,
}

/// The generic cell rate algorithm (ITU-T I.371): one number per key, the theoretical arrival
/// time of the next use; all times in microseconds of one monotonic clock.
/// Returns the new arrival time, or how long to wait.
pub(crate) fn gcra(arrival: Option<i64>, now: i64, rate: Rate) -> Result<i64, i64> {
    let period = i64::try_from(rate.per.as_micros()).unwrap_or(i64::MAX);
    let interval = period / i64::from(rate.uses.max(1));
    let next = arrival.map_or(now, |at| at.max(now)) + interval;
    let wait = next - period - now;
    if wait > 0 { Err(wait) } else { Ok(next) }
}

/// The same in Redis, by its clock, in one atomic round trip. Returns 0, or the microseconds to wait.
pub(crate) const GCRA_LUA: &str = r"
local t = redis.call('TIME')
local now = t[1] * 1000000 + t[2]
local period = tonumber(ARGV[1])
local interval = tonumber(ARGV[2])
local arrival = tonumber(redis.call('GET', KEYS[1]) or now)
if arrival < now then arrival = now end
local next = arrival + interval
local wait = next - period - now
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.ceil((next - now) / 1000))
return 0
";
