//! Countries: however they are written, stored as ISO 3166-1 alpha-2 where recognised.

use std::str::FromStr;

use celes::Country;

/// Names that people use and the standard's list does not have.
const ALSO: &[(&str, &str)] = &[
    ("uk", "GB"),
    ("greatbritain", "GB"),
    ("britain", "GB"),
    ("unitedkingdom", "GB"),
    ("wales", "GB"),
    ("northernireland", "GB"),
    ("us", "US"),
    ("usa", "US"),
    ("unitedstates", "US"),
    ("unitedstatesofamerica", "US"),
    ("uae", "AE"),
    ("emirates", "AE"),
    ("unitedarabemirates", "AE"),
    ("holland", "NL"),
    ("netherlands", "NL"),
    ("korea", "KR"),
    ("southkorea", "KR"),
    ("republicofkorea", "KR"),
    ("russia", "RU"),
    ("vietnam", "VN"),
    ("deutschland", "DE"),
    ("österreich", "AT"),
    ("schweiz", "CH"),
    ("suisse", "CH"),
    ("españa", "ES"),
    ("italia", "IT"),
    ("brasil", "BR"),
    ("méxico", "MX"),
    ("polska", "PL"),
    ("sverige", "SE"),
    ("norge", "NO"),
    ("danmark", "DK"),
    ("suomi", "FI"),
    ("belgië", "BE"),
    ("belgique", "BE"),
    ("czechrepublic", "CZ"),
    ("czechia", "CZ"),
    ("turkey", "TR"),
    ("türkiye", "TR"),
    ("turkiye", "TR"),
    ("ivorycoast", "CI"),
    ("hongkong", "HK"),
    ("taiwan", "TW"),
    ("iran", "IR"),
    ("syria", "SY"),
    ("bolivia", "BO"),
    ("venezuela", "VE"),
    ("tanzania", "TZ"),
    ("moldova", "MD"),
    ("laos", "LA"),
    ("philippines", "PH"),
    ("dominicanrepublic", "DO"),
    ("bahamas", "BS"),
    ("gambia", "GM"),
    ("sudan", "SD"),
    ("niger", "NE"),
    ("congo", "CG"),
    ("macedonia", "MK"),
    ("northmacedonia", "MK"),
    ("palestine", "PS"),
    ("vatican", "VA"),
    ("capeverde", "CV"),
    ("swaziland", "SZ"),
    ("burma", "MM"),
    ("brunei", "BN"),
    ("macau", "MO"),
];

/// Short names where the standard's are long.
const SHORT: &[(&str, &str)] = &[
    ("GB", "United Kingdom"),
    ("US", "United States"),
    ("AE", "United Arab Emirates"),
    ("NL", "Netherlands"),
    ("KR", "South Korea"),
    ("KP", "North Korea"),
    ("RU", "Russia"),
    ("CZ", "Czechia"),
    ("TR", "Türkiye"),
    ("IR", "Iran"),
    ("SY", "Syria"),
    ("BO", "Bolivia"),
    ("VE", "Venezuela"),
    ("TZ", "Tanzania"),
    ("MD", "Moldova"),
    ("LA", "Laos"),
    ("TW", "Taiwan"),
    ("PS", "Palestine"),
    ("CI", "Côte d’Ivoire"),
    ("FM", "Micronesia"),
    ("VA", "Vatican City"),
];

/// The alpha-2 code of a country written as code (two or three letters) or name.
pub fn code(text: &str) -> Option<&'static str> {
    let key: String = text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect();
    if key.is_empty() || text.chars().count() > 100 {
        return None;
    }
    let bare = key.strip_prefix("the").unwrap_or(&key);
    ALSO.iter()
        .find(|(name, _)| *name == bare)
        .map(|(_, code)| *code)
        .or_else(|| Country::from_str(bare).ok().map(|country| country.alpha2))
        .or_else(|| Country::from_str(&format!("the{bare}")).ok().map(|country| country.alpha2))
}

/// The code where recognised, else the text as given.
pub fn normalise(text: &str) -> String {
    code(text).unwrap_or(text.trim()).to_owned()
}

/// The name behind a stored value; a text that is no code is its own name.
pub fn name(stored: &str) -> &str {
    if stored.len() != 2 {
        return stored;
    }
    SHORT
        .iter()
        .find(|(code, _)| *code == stored)
        .map(|(_, name)| *name)
        .or_else(|| Country::from_alpha2(stored).ok().map(|country| country.long_name.strip_prefix("The ").unwrap_or(country.long_name)))
        .unwrap_or(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_recognised_however_it_is_written() {
        for (text, code) in [
            ("us", "US"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("United States", "US"),
            ("the United Kingdom", "GB"),
            ("England", "GB"),
            ("UK", "GB"),
            ("deutschland", "DE"),
            ("DEU", "DE"),
            ("Germany", "DE"),
            ("The Netherlands", "NL"),
            ("South Korea", "KR"),
            ("Viet Nam", "VN"),
            ("India", "IN"),
            ("Hong Kong", "HK"),
            ("Saudi Arabia", "SA"),
            ("New Zealand", "NZ"),
            ("Türkiye", "TR"),
            ("Brazil", "BR"),
        ] {
            assert_eq!(super::code(text), Some(code), "{text}");
        }
        assert_eq!(normalise(" Atlantis "), "Atlantis");
        assert_eq!(code(""), None);
        assert_eq!((name("US"), name("FR"), name("Atlantis"), name("ZZ")), ("United States", "France", "Atlantis", "ZZ"));
    }
}
