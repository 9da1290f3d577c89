//! Numbers and times as people read them.

use jiff::Timestamp;
use maud::{Markup, html};

/// `9240` is `9,240`.
pub fn number(value: i64) -> String {
    let digits = value.unsigned_abs().to_string();
    let mut out = String::with_capacity(digits.len() + 8);
    if value < 0 {
        out.push('\u{2212}');
    }
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1,284`, `12.8k`, `3.4M`: for axes and tight cells.
pub fn compact(value: i64) -> String {
    let size = value.unsigned_abs();
    let (divisor, unit) = match size {
        0..10_000 => return number(value),
        10_000..1_000_000 => (1_000, "k"),
        1_000_000..1_000_000_000 => (1_000_000, "M"),
        _ => (1_000_000_000, "B"),
    };
    let tenths = size / (divisor / 10);
    let sign = if value < 0 { "\u{2212}" } else { "" };
    match tenths % 10 {
        0 => format!("{sign}{}{unit}", tenths / 10),
        rest => format!("{sign}{}.{rest}{unit}", tenths / 10),
    }
}

/// `part` of `whole` in per cent with one decimal under ten; a dash when there is no whole.
pub fn percent(part: i64, whole: i64) -> String {
    if whole <= 0 {
        return "–".to_owned();
    }
    #[expect(clippy::cast_precision_loss, reason = "counts on a screen stay far below 2^53")]
    let value = part as f64 * 100.0 / whole as f64;
    if value == 0.0 || value >= 9.95 { format!("{value:.0}%") } else { format!("{value:.1}%") }
}

/// `1 lead`, `2 leads`, `9,240 leads`.
pub fn plural(count: i64, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// `18.4 MB`; decimal units, as file managers show them.
pub fn bytes(size: u64) -> String {
    let (divisor, unit) = match size {
        0..1_000 => return format!("{size} B"),
        1_000..1_000_000 => (1_000, "kB"),
        1_000_000..1_000_000_000 => (1_000_000, "MB"),
        _ => (1_000_000_000, "GB"),
    };
    format!("{}.{} {unit}", size / divisor, size % divisor * 10 / divisor)
}

/// A moment, as "3 min ago" in the reader's own time zone once scripts run; UTC in the source.
pub fn ago(at: Timestamp) -> Markup {
    moment(at, "ago")
}

/// The same in a long list of class `grid`.
pub fn ago_cell(at: Timestamp) -> Markup {
    html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) { (at.strftime("%-d %b %Y").to_string()) } }
}

/// A moment with date and time in the reader's own time zone.
pub fn datetime(at: Timestamp) -> Markup {
    moment(at, "datetime")
}

/// A moment's date in the reader's own time zone.
pub fn date(at: Timestamp) -> Markup {
    moment(at, "date")
}

fn moment(at: Timestamp, format: &'static str) -> Markup {
    let text = if format == "date" { at.strftime("%-d %b %Y").to_string() } else { at.strftime("%-d %b %Y, %H:%M UTC").to_string() };
    html! { time datetime=(at.strftime("%Y-%m-%dT%H:%M:%SZ")) data-format=(format) { (text) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_group_by_three() {
        assert_eq!([number(0), number(999), number(9240), number(-1_000_000)], ["0", "999", "9,240", "\u{2212}1,000,000"]);
        assert_eq!([compact(9999), compact(12_840), compact(50_000), compact(3_400_000)], ["9,999", "12.8k", "50k", "3.4M"]);
        assert_eq!([percent(1, 3), percent(1, 30), percent(0, 4), percent(1, 0)], ["33%", "3.3%", "0%", "–"]);
        assert_eq!([bytes(12), bytes(18_432_000)], ["12 B", "18.4 MB"]);
    }
}
