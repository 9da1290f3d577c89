//! Days, instants, and the stretch of time that a test of them means.

use jiff::{SignedDuration, Timestamp, ToSpan, civil::Date, tz::TimeZone};

use super::{DateTest, Moment};

/// 0001-01-01T00:00:00Z: PostgreSQL counts from 4713 BC, and nobody means a day before our era.
pub(super) const FIRST_SECOND: i64 = -62_135_596_800;

/// What the field holds: a time to the microsecond (as PostgreSQL keeps it), or a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Grain {
    Instant,
    Day,
}

/// What a test means at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stretch {
    /// From the first on, and before the second.
    Within(Timestamp, Timestamp),
    /// Not within, or not known.
    Outside(Timestamp, Timestamp),
    IsEmpty,
    IsKnown,
}

impl Moment {
    /// Where it begins; nothing for a day outside what can be stored.
    pub(super) fn start(self) -> Option<Timestamp> {
        match self {
            Self::Instant(at) => Some(at),
            Self::Day(day) => day.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp()),
        }
    }

    fn day(self) -> Date {
        match self {
            Self::Instant(at) => day_of(at),
            Self::Day(day) => day,
        }
    }
}

impl std::fmt::Display for Moment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(day) => write!(f, "{day}"),
            Self::Instant(at) => write!(f, "{at}"),
        }
    }
}

/// The day in UTC.
pub(super) fn day_of(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

fn first() -> Timestamp {
    Timestamp::from_second(FIRST_SECOND).unwrap_or(Timestamp::MIN)
}

/// What PostgreSQL keeps of it.
pub(super) fn micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

fn start(day: Date) -> Timestamp {
    Moment::Day(day).start().unwrap_or(Timestamp::MAX)
}

fn after(day: Date) -> Timestamp {
    day.tomorrow().map_or(Timestamp::MAX, start)
}

fn plus(day: Date, days: i64) -> Date {
    day.checked_add(days.days()).unwrap_or(if days < 0 { Date::MIN } else { Date::MAX })
}

impl DateTest {
    /// The stretch of time meant at `now`, half open, so that a day has no last moment.
    pub(super) fn stretch(&self, now: Timestamp, grain: Grain) -> Stretch {
        let now = micros(now);
        let today = day_of(now);
        let next = |at: Timestamp| at.checked_add(SignedDuration::from_micros(1)).unwrap_or(Timestamp::MAX);
        // Of fields that hold days, an instant means its day.
        let fit = |moment: Moment| if grain == Grain::Day { Moment::Day(moment.day()) } else { moment };
        let begin = |moment: Moment| fit(moment).start().unwrap_or(Timestamp::MAX);
        let end = |moment: Moment| match fit(moment) {
            Moment::Instant(at) => next(at),
            Moment::Day(day) => after(day),
        };
        let back = |days: u16| match grain {
            Grain::Instant => now.checked_sub(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MIN).max(first()),
            Grain::Day => start(plus(today, -i64::from(days))).max(first()),
        };
        let last_days = |days: u16| (back(days), if grain == Grain::Day { after(today) } else { next(now) });
        match self {
            Self::Is(day) => Stretch::Within(start(*day), after(*day)),
            Self::Before(moment) => Stretch::Within(first(), begin(*moment)),
            Self::After(moment) => Stretch::Within(end(*moment), Timestamp::MAX),
            Self::Between(from, to) => Stretch::Within(begin(*from), end(*to)),
            Self::WithinLastDays(days) => {
                let (from, to) = last_days(*days);
                Stretch::Within(from, to)
            }
            Self::NotWithinLastDays(days) => {
                let (from, to) = last_days(*days);
                Stretch::Outside(from, to)
            }
            Self::OlderThanDays(days) => Stretch::Within(first(), back(*days)),
            Self::InNextDays(days) => match grain {
                Grain::Instant => {
                    let to = now.checked_add(SignedDuration::from_hours(i64::from(*days) * 24)).map_or(Timestamp::MAX, next);
                    Stretch::Within(now, to)
                }
                Grain::Day => Stretch::Within(start(today), after(plus(today, i64::from(*days)))),
            },
            Self::Today => Stretch::Within(start(today), after(today)),
            Self::ThisWeek => {
                let monday = plus(today, -i64::from(today.weekday().to_monday_zero_offset()));
                Stretch::Within(start(monday), start(plus(monday, 7)))
            }
            Self::ThisMonth => Stretch::Within(start(today.first_of_month()), after(today.last_of_month())),
            Self::IsEmpty => Stretch::IsEmpty,
            Self::IsKnown => Stretch::IsKnown,
        }
    }
}

impl Stretch {
    /// Whether it holds for this time.
    pub(super) fn holds(self, at: Option<Timestamp>) -> bool {
        match (self, at) {
            (Self::Within(from, to), Some(at)) => from <= at && at < to,
            (Self::Outside(from, to), Some(at)) => at < from || to <= at,
            (Self::Outside(..) | Self::IsEmpty, None) | (Self::IsKnown, Some(_)) => true,
            (Self::Within(..) | Self::IsKnown, None) | (Self::IsEmpty, Some(_)) => false,
        }
    }
}

/// A time that was written, to the microsecond: `2026-01-31` or RFC 3339.
pub(super) fn moment(text: &str) -> Option<Moment> {
    let parsed = text.parse::<Timestamp>().map(|at| Moment::Instant(micros(at))).ok().or_else(|| day(text).map(Moment::Day));
    parsed.filter(|moment| moment.start().is_some_and(|at| at.as_second() >= FIRST_SECOND))
}

/// A day as `2026-01-31`.
pub(super) fn day(text: &str) -> Option<Date> {
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    if plain { Date::strptime("%Y-%m-%d", text).ok().filter(|day| day.year() > 0) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_stretch_begins_and_ends_where_people_expect() {
        // A Wednesday.
        let now = at("2026-01-07T12:00:00Z");
        for (test, grain, from, to) in [
            (DateTest::Today, Grain::Instant, "2026-01-07T00:00:00Z", "2026-01-08T00:00:00Z"),
            (DateTest::ThisWeek, Grain::Instant, "2026-01-05T00:00:00Z", "2026-01-12T00:00:00Z"),
            (DateTest::ThisMonth, Grain::Day, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"),
            (DateTest::WithinLastDays(1), Grain::Instant, "2026-01-06T12:00:00Z", "2026-01-07T12:00:00.000001Z"),
            (DateTest::WithinLastDays(1), Grain::Day, "2026-01-06T00:00:00Z", "2026-01-08T00:00:00Z"),
            (DateTest::InNextDays(7), Grain::Day, "2026-01-07T00:00:00Z", "2026-01-15T00:00:00Z"),
            (DateTest::OlderThanDays(2), Grain::Instant, "0001-01-01T00:00:00Z", "2026-01-05T12:00:00Z"),
        ] {
            assert_eq!(test.stretch(now, grain), Stretch::Within(at(from), at(to)), "{test:?}");
        }
        assert!(DateTest::NotWithinLastDays(3).stretch(now, Grain::Instant).holds(None));
        assert!(!DateTest::OlderThanDays(3).stretch(now, Grain::Instant).holds(None));
    }

    #[test]
    fn only_days_of_our_era_are_days() {
        for bad in ["2026-02-30", "2026-1-1", "-0001-01-01", "0000-01-01", "tomorrow", ""] {
            assert_eq!(moment(bad), None, "{bad}");
        }
        assert_eq!(moment("2026-01-31T00:00:00.1234567Z"), moment("2026-01-31T00:00:00.123456Z"));
    }
}
