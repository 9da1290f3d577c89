//! The small parsers of fields: each returns what is stored, or a sentence about what is wrong.

use url::Url;

/// How many tags a lead may have, and how long one may be.
pub const MAX_TAGS: usize = 50;
pub const MAX_TAG: usize = 60;

/// Whether `key` can name a custom field: 1 to 60 of a–z, 0–9 and `_`.
pub fn is_custom_key(key: &str) -> bool {
    (1..=60).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// One tag as stored: trimmed, with single spaces inside.
pub fn tag(text: &str) -> Result<String, String> {
    let tag = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match tag.chars().count() {
        0 => Err("A tag is empty; leave it out".to_owned()),
        1..=MAX_TAG if !tag.contains([',', ';', '\0']) => Ok(tag),
        1..=MAX_TAG => Err(format!("The tag {tag:?} holds a comma or semicolon, which separate tags; use another character")),
        _ => Err(format!("A tag is longer than {MAX_TAG} characters; shorten it")),
    }
}

/// Tags as stored: each once, whatever its case, in the order given.
pub fn clean_tags<S: AsRef<str>>(texts: impl IntoIterator<Item = S>) -> Result<Vec<String>, String> {
    let mut tags: Vec<String> = Vec::new();
    for text in texts {
        if text.as_ref().trim().is_empty() {
            continue;
        }
        let tag = tag(text.as_ref())?;
        if !tags.iter().any(|known| known.to_lowercase() == tag.to_lowercase()) {
            tags.push(tag);
        }
    }
    if tags.len() > MAX_TAGS { Err(format!("A lead may have {MAX_TAGS} tags; these are {}", tags.len())) } else { Ok(tags) }
}

/// A telephone number as people write it: kept as written, checked for being one.
pub fn phone(text: &str) -> Result<String, String> {
    let text = text.trim();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let usual = |c: char| c.is_ascii_digit() || c.is_ascii_alphabetic() || " +-./()#*,;:".contains(c);
    if text.is_empty() {
        Ok(String::new())
    } else if text.chars().count() > 40 || !(3..=20).contains(&digits) || !text.chars().all(usual) {
        Err("This is not a telephone number: digits with + ( ) - . and an extension, like +44 20 7946 0958 ext 12".to_owned())
    } else {
        Ok(text.to_owned())
    }
}

/// A web address, with https:// where the scheme was left out.
pub fn url(text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(String::new());
    }
    let whole = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    let parsed = Url::parse(&whole).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    match parsed {
        Some(url) if url.host_str().is_some_and(|host| host.contains('.')) && url.username().is_empty() && whole.len() <= 500 => Ok(whole),
        _ => Err("This is not a web address: it looks like https://www.linkedin.com/in/ada-lovelace, at most 500 characters".to_owned()),
    }
}

/// A whole number as people write it: `1200`, `1,200`, `1 200`, `1.2k`, `$3M`; empty is nothing.
pub fn parse_whole(text: &str) -> Result<Option<i64>, String> {
    let compact: String =
        text.trim().trim_start_matches(['$', '€', '£']).chars().filter(|c| !c.is_whitespace() && !matches!(c, ',' | '_' | '\'')).collect();
    if compact.is_empty() {
        return Ok(None);
    }
    let wrong = || format!("{:?} is not a whole number; write it like 1200", text.trim().chars().take(40).collect::<String>());
    // `1,5M` is no 15M: commas stand between thousands.
    if text.split('.').next().unwrap_or_default().split(',').skip(1).any(|group| group.chars().filter(char::is_ascii_digit).count() != 3) {
        return Err(wrong());
    }
    let lower = compact.to_ascii_lowercase();
    let (digits, factor) = match lower.strip_suffix(['k', 'm', 'b']) {
        Some(digits) if lower.ends_with('k') => (digits, 1e3),
        Some(digits) if lower.ends_with('m') => (digits, 1e6),
        Some(digits) => (digits, 1e9),
        None => (lower.as_str(), 1.0),
    };
    if let (Ok(whole), true) = (digits.parse::<i64>(), factor == 1.0) {
        return Ok(Some(whole));
    }
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the filter before it")]
    match digits.parse::<f64>().ok().filter(|_| plain).map(|number| number * factor).filter(|number| *number < 9e15) {
        Some(number) if number.fract() == 0.0 || factor > 1.0 => Ok(Some(number.round() as i64)),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_trimmed_and_kept_once_whatever_their_case() {
        assert_eq!(clean_tags([" VIP ", "vip", "", "North  West"]), Ok(vec!["VIP".to_owned(), "North West".to_owned()]));
        assert!(clean_tags(["a;b"]).is_err());
        assert!(clean_tags(["x".repeat(61)]).is_err());
        assert!(clean_tags((0..51).map(|n| n.to_string())).is_err());
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, number) in [
            ("", None),
            ("1200", Some(1200)),
            ("1,200", Some(1200)),
            (" 12 000 ", Some(12_000)),
            ("1.5k", Some(1500)),
            ("$3M", Some(3_000_000)),
            ("12.0", Some(12)),
        ] {
            assert_eq!(parse_whole(text), Ok(number), "{text}");
        }
        for bad in ["many", "1.5", "1,5M", "1.200,50", "1e99", "NaN", "inf", "1-2", "99999999999999999999"] {
            assert!(parse_whole(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn telephone_numbers_and_addresses_are_checked() {
        assert_eq!(phone(" +44 20 7946 0958 ext 12 "), Ok("+44 20 7946 0958 ext 12".to_owned()));
        assert!(phone("call me").is_err() && phone("<script>123").is_err());
        assert_eq!(url("linkedin.com/in/ada"), Ok("https://linkedin.com/in/ada".to_owned()));
        assert!(
            url("javascript:alert(1)").is_err()
                && url("javascript://x.y/%0aalert(1)").is_err()
                && url("https://user@evil.example").is_err()
        );
        assert!(url("ada").is_err());
    }
}
