//! Days as files write them.

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a column writes its dates. `3/4/2026` alone does not tell; a column with `3/14/2026` in it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DateOrder {
    /// 2026-12-31, also with dots or slashes, and with a time behind it; and whatever names its month.
    #[default]
    Ymd,
    Dmy,
    Mdy,
}

impl DateOrder {
    /// Those that people choose from.
    pub(crate) const CHOICES: [Self; 2] = [Self::Dmy, Self::Mdy];

    /// The name in the API.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ymd => "ymd",
            Self::Dmy => "dmy",
            Self::Mdy => "mdy",
        }
    }

    /// As people read it.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Ymd => "Year first",
            Self::Dmy => "Day first: 31/12/2026",
            Self::Mdy => "Month first: 12/31/2026",
        }
    }
}

impl std::str::FromStr for DateOrder {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Ymd, Self::Dmy, Self::Mdy].into_iter().find(|order| order.as_str() == text);
        known.ok_or_else(|| format!("{text:?} is no order of a date: use ymd, dmy or mdy"))
    }
}

/// The beginnings of the months' names, in English and German; `mai`, `okt` and `dez` are German alone.
const MONTHS: [&[&str]; 12] = [
    &["jan"],
    &["feb"],
    &["mar", "mär", "mrz"],
    &["apr"],
    &["may", "mai"],
    &["jun"],
    &["jul"],
    &["aug"],
    &["sep"],
    &["oct", "okt"],
    &["nov"],
    &["dec", "dez"],
];
const NAMES: [&str; 24] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "januar",
    "februar",
    "märz",
    "april",
    "mai",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "dezember",
];

/// The month of this name or its first letters (`Jan`, `Sept.`, `January`).
fn month(word: &str) -> Option<i8> {
    let word = word.trim_end_matches('.').to_lowercase();
    let number = MONTHS.iter().position(|beginnings| beginnings.iter().any(|beginning| word.starts_with(beginning)))?;
    let known = word == "mrz" || (word.chars().count() >= 3 && NAMES.iter().any(|name| name.starts_with(&word)));
    i8::try_from(number + 1).ok().filter(|_| known)
}

/// `05 Jan 2024`, `5-Jan-2024`, `Jan 5, 2024`, `5. Januar 2024`, each with a time behind it or without.
fn with_named_month(text: &str) -> Option<Date> {
    let mut words = text.split([' ', '-', '/', ',']).filter(|word| !word.is_empty());
    let (first, second, year) = (words.next()?, words.next()?, words.next()?);
    let (day, month) = match month(second) {
        Some(month) => (first, month),
        None => (second, month(first)?),
    };
    let day = day.trim_end_matches(['.', 't', 'h', 's', 'n', 'd', 'r']);
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if year.len() != 4 || !digits(year) || day.len() > 2 || !digits(day) {
        return None;
    }
    // What follows is a time of day or nothing.
    let rest_is_time =
        words.all(|word| word.starts_with(|c: char| c.is_ascii_digit()) || matches!(word, "AM" | "PM" | "am" | "pm" | "UTC" | "GMT"));
    Date::new(year.parse().ok()?, month, day.parse().ok()?).ok().filter(|_| rest_is_time)
}

/// Whether it is worth to look closer: most texts of most files are no dates.
fn may_be_date(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    matches!(text.len(), 6..=60) && digits >= 5 && (text.contains(['-', '/', '.', ' ']) || digits == 8)
}

/// The day, without a time of day that may follow it.
pub(super) fn date(text: &str, order: DateOrder) -> Option<Date> {
    if !may_be_date(text) {
        return None;
    }
    if let Ok(at) = text.parse::<DateTime>() {
        return Some(at.date());
    }
    numeric(text, order).or_else(|| with_named_month(text))
}

fn numeric(text: &str, order: DateOrder) -> Option<Date> {
    let day = text.split([' ', 'T', ',']).next().unwrap_or_default();
    let mut parts = day.split(['-', '/', '.']);
    let (a, b, c) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let number = |part: &str| part.parse::<i16>().ok().filter(|_| part.len() <= 4 && part.bytes().all(|byte| byte.is_ascii_digit()));
    let (a_number, b_number, c_number) = (number(a)?, number(b)?, number(c)?);
    let (year, month, day) = match order {
        _ if a.len() == 4 => (a_number, b_number, c_number),
        DateOrder::Ymd => return None,
        _ if c.len() != 4 => return None,
        DateOrder::Dmy => (c_number, b_number, a_number),
        DateOrder::Mdy => (c_number, a_number, b_number),
    };
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_in_the_order_of_their_column() {
        for (text, order, day) in [
            ("2026-01-31", DateOrder::Ymd, "2026-01-31"),
            ("2025/2/1", DateOrder::Ymd, "2025-02-01"),
            ("2026-01-31T10:00:00", DateOrder::Dmy, "2026-01-31"),
            ("03/04/2026", DateOrder::Dmy, "2026-04-03"),
            ("03/04/2026 11:30 PM", DateOrder::Mdy, "2026-03-04"),
            ("05 Jan 2024", DateOrder::Ymd, "2024-01-05"),
            ("5-Jan-2024", DateOrder::Mdy, "2024-01-05"),
            ("January 5th, 2024", DateOrder::Ymd, "2024-01-05"),
            ("Sept. 1, 2024 10:00 AM", DateOrder::Ymd, "2024-09-01"),
            ("5. März 2024", DateOrder::Ymd, "2024-03-05"),
        ] {
            assert_eq!(date(text, order).map(|day| day.to_string()), Some(day.to_owned()), "{text}");
        }
        for text in ["31/31/2026", "Janet 5 2024", "5 Jan 24", "May the 4th, 2024", "05 Jan 2024 sharp", "1.2.3.2024", "12345678"] {
            assert_eq!(date(text, DateOrder::Dmy), None, "{text}");
        }
    }
}
