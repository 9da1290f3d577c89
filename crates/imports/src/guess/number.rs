//! Numbers as people and programs write them: `12,500`, `1.200,50`, `1 200,5`, `$1,200.50`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// More digits than this are the number of something, and no amount.
const MAX_DIGITS: usize = 15;
const CURRENCIES: [&str; 9] = ["$", "€", "£", "¥", "₹", "USD", "EUR", "GBP", "CHF"];

/// What stands before the decimals in a column. `12,500` alone does not tell; a column with `1,5` in it does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decimals {
    /// Also where nothing tells: as JSON and the forms have it.
    #[default]
    Point,
    Comma,
    /// Some values tell the one, some the other.
    Mixed,
}

/// What a mark in a number is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tells {
    /// There is none.
    Nothing,
    Point,
    Comma,
    /// `12,500` or `12.500`: the mark may be either.
    Either(char),
}

/// A number, taken apart.
#[derive(Debug)]
pub(super) struct Written {
    negative: bool,
    /// Digits alone.
    whole: String,
    /// Digits alone; of [`Tells::Either`], those behind the mark.
    fraction: String,
    pub(super) tells: Tells,
    pub(super) currency: Option<&'static str>,
    /// Thousands stand apart, as those of a telephone number may.
    spaced: bool,
}

impl Written {
    /// Whether a column of such texts is one of numbers, and not of codes or telephones.
    pub(super) fn is_amount(&self) -> bool {
        let code = self.whole.len() > 1 && self.whole.starts_with('0');
        let telephone = self.spaced && self.fraction.is_empty() && self.currency.is_none();
        !code && !telephone && self.whole.len() + self.fraction.len() <= MAX_DIGITS
    }

    fn value(&self, is_decimal: bool) -> Option<Value> {
        let sign = if self.negative { "-" } else { "" };
        if !is_decimal || self.fraction.is_empty() {
            let text = format!("{sign}{}{}", self.whole, self.fraction);
            let whole = text.parse::<i64>().ok().map(serde_json::Number::from);
            return whole.or_else(|| text.parse().ok().and_then(serde_json::Number::from_f64)).map(Value::Number);
        }
        let text = format!("{sign}{}.{}", if self.whole.is_empty() { "0" } else { &self.whole }, self.fraction);
        text.parse().ok().and_then(serde_json::Number::from_f64).map(Value::Number)
    }
}

/// Takes a number apart; nothing where the text is none.
pub(super) fn written(text: &str) -> Option<Written> {
    let (text, currency) = without_currency(text);
    let (negative, text) = match text.strip_prefix(['-', '−']) {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    // `-$5` and `$-5` are the same.
    let (text, currency) = if currency.is_some() { (text, currency) } else { without_currency(text) };
    if text.is_empty() || text.len() > 40 || !text.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '’' | '_');
    if !text.chars().all(|c| c.is_ascii_digit() || is_space(c) || matches!(c, '.' | ',')) {
        return None;
    }
    let of = |mark: char| text.matches(mark).count();
    let (points, commas) = (of('.'), of(','));
    let spaced = text.contains(is_space);
    let (whole, fraction, tells) = match (points, commas) {
        (0, 0) => (grouped(text, is_space)?, "", Tells::Nothing),
        (1, 0) | (0, 1) => {
            let (mark, tells) = if points == 1 { ('.', Tells::Point) } else { (',', Tells::Comma) };
            let (whole, fraction) = text.split_once(mark)?;
            let group = fraction.len() == 3 && matches!(whole.len(), 1..=3) && !whole.starts_with('0') && !spaced;
            (grouped(whole, is_space)?, fraction, if group { Tells::Either(mark) } else { tells })
        }
        (_, 0) => (grouped(text, |c| c == '.')?, "", Tells::Comma),
        (0, _) => (grouped(text, |c| c == ',')?, "", Tells::Point),
        _ => {
            let (mark, other, tells) = if text.rfind('.') > text.rfind(',') { ('.', ',', Tells::Point) } else { (',', '.', Tells::Comma) };
            let (whole, fraction) = text.rsplit_once(mark)?;
            (grouped(whole, |c| c == other)?, fraction, tells)
        }
    };
    let ends_in_digits = fraction.bytes().all(|byte| byte.is_ascii_digit()) && text.ends_with(|c: char| c.is_ascii_digit());
    ends_in_digits.then(|| Written { negative, whole, fraction: fraction.to_owned(), tells, currency, spaced })
}

/// Digits, also in groups of three with one of these marks between them.
fn grouped(text: &str, is_mark: impl Fn(char) -> bool) -> Option<String> {
    let mut groups = text.split(&is_mark);
    let first = groups.next().unwrap_or_default();
    let digits = |group: &str| group.bytes().all(|byte| byte.is_ascii_digit());
    let mut whole = first.to_owned();
    let mut many = false;
    for group in groups {
        if group.len() != 3 || !digits(group) {
            return None;
        }
        many = true;
        whole.push_str(group);
    }
    (digits(first) && (!many || matches!(first.len(), 1..=3))).then_some(whole)
}

fn without_currency(text: &str) -> (&str, Option<&'static str>) {
    let text = text.trim();
    for sign in CURRENCIES {
        if let Some(rest) = text.strip_prefix(sign).or_else(|| text.strip_suffix(sign)) {
            return (rest.trim(), Some(sign));
        }
    }
    (text, None)
}

/// The number that a cell says, in a column of these decimals; or what is wrong with it.
pub(super) fn number(text: &str, decimals: Decimals) -> Result<Value, String> {
    let shown = || text.chars().take(40).collect::<String>();
    let wrong = || format!("{:?} is not a number; write it like 1200 or 1200.5", shown());
    let Some(written) = written(text) else {
        // `1.2E+05`, as spreadsheets shorten what is long.
        let plain = text.contains(['e', 'E']) && text.chars().all(|c| c.is_ascii_digit() || "-+.eE".contains(c));
        return text.parse().ok().filter(|_| plain).and_then(serde_json::Number::from_f64).map(Value::Number).ok_or_else(wrong);
    };
    let is_decimal = match (written.tells, decimals) {
        (Tells::Either('.'), Decimals::Point) | (Tells::Either(','), Decimals::Comma) => true,
        (Tells::Either(_), Decimals::Mixed) => {
            let [large, small] =
                [false, true].map(|is_decimal| written.value(is_decimal).map(|value| value.to_string()).unwrap_or_default());
            return Err(format!("{:?} may be {large} or {small}: the column has decimals behind commas and behind points", shown()));
        }
        (Tells::Either(_), _) => false,
        (Tells::Nothing | Tells::Point | Tells::Comma, _) => true,
    };
    written.value(is_decimal).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_unambiguous_is_read() {
        for (text, value) in [
            ("7", json!(7)),
            ("-2.5", json!(-2.5)),
            ("12,500", json!(12500)),
            ("1,234,567", json!(1_234_567)),
            ("1,200.50", json!(1200.5)),
            ("1.200,50", json!(1200.5)),
            ("1.234.567", json!(1_234_567)),
            ("1,5", json!(1.5)),
            ("0,125", json!(0.125)),
            ("1.200", json!(1.2)),
            ("1 200,5", json!(1200.5)),
            ("12'500", json!(12500)),
            ("$1,200.50", json!(1200.5)),
            ("-$5", json!(-5)),
            ("1.200,50 €", json!(1200.5)),
            ("EUR 30", json!(30)),
            ("1.2E+05", json!(120_000.0)),
            (".5", json!(0.5)),
        ] {
            assert_eq!(number(text, Decimals::Point), Ok(value), "{text}");
        }
        assert_eq!(number("12,500", Decimals::Comma), Ok(json!(12.5)));
        assert_eq!(number("1.200", Decimals::Comma), Ok(json!(1200)));
    }

    #[test]
    fn what_is_not_is_refused_with_both_readings() {
        let why = number("12,500", Decimals::Mixed).unwrap_err();
        assert!(why.contains("may be 12500 or 12.5"), "{why}");
        for text in ["12 apples", "1,20,000", "1,2.3,4", "5.", "$", "12%", "1.2.2024", "NaN", "e", "--5", "1 2 3", ""] {
            assert!(number(text, Decimals::Point).is_err(), "{text}");
        }
    }

    #[test]
    fn codes_and_telephones_are_no_amounts() {
        let amount = |text: &str| written(text).is_some_and(|written| written.is_amount());
        assert!(amount("12,500") && amount("$5") && amount("0.5") && amount("1 200,5"));
        for text in ["00123", "207 946 000", "1234567890123456", "1e5", "x"] {
            assert!(!amount(text), "{text}");
        }
    }
}
