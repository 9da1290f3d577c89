use std::{fmt, str::FromStr};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// When a task is due: on a day, or at a moment. As text `2026-01-31` or RFC 3339.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Until the end of this day (in UTC).
    Day(Date),
    At(Timestamp),
}

impl Due {
    /// From when on it is overdue.
    pub fn moment(self) -> Timestamp {
        match self {
            Self::Day(day) => day.tomorrow().map_or(Timestamp::MAX, midnight),
            Self::At(at) => at,
        }
    }

    /// The day on which it falls, in UTC.
    pub fn day(self) -> Date {
        match self {
            Self::Day(day) => day,
            Self::At(at) => at.to_zoned(TimeZone::UTC).date(),
        }
    }

    /// The reverse of [`Due::moment`], as the table keeps it.
    pub(crate) fn of(moment: Timestamp, all_day: bool) -> Self {
        let day = moment.to_zoned(TimeZone::UTC).date();
        if all_day { Self::Day(day.yesterday().unwrap_or(day)) } else { Self::At(moment) }
    }
}

fn midnight(day: Date) -> Timestamp {
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MAX, |start| start.timestamp())
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::At(at) => at.fmt(f),
        }
    }
}

impl FromStr for Due {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let due = if text.len() <= 10 { text.parse().map(Self::Day) } else { text.parse().map(Self::At) };
        let wrong = || format!("{text:?} is neither a day such as 2026-01-31 nor a moment such as 2026-01-31T09:30:00Z");
        let due = due.map_err(|_| wrong())?;
        // Beyond these years PostgreSQL and people part ways.
        if (2000..=2999).contains(&due.day().year()) { Ok(due) } else { Err(wrong()) }
    }
}

impl Serialize for Due {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lasts_until_its_end_and_comes_back_as_it_was() {
        for text in ["2026-01-31", "2026-12-31", "2026-01-31T09:30:00Z", "2026-01-31T00:00:00Z"] {
            let due: Due = text.parse().unwrap();
            assert_eq!(due.to_string(), text);
            assert_eq!(Due::of(due.moment(), matches!(due, Due::Day(_))), due, "{text}");
        }
        assert_eq!("2026-01-31".parse::<Due>().unwrap().moment().to_string(), "2026-02-01T00:00:00Z");
        for wrong in ["", "31.1.2026", "2026-02-30", "tomorrow", "1999-01-01", "9999-12-31", "2026-01-31T25:00:00Z"] {
            assert!(wrong.parse::<Due>().is_err(), "{wrong}");
        }
    }
}
