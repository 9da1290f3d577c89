//! Names as they are compared: without case, accents, scripts and forms of company.

use unicode_normalization::UnicodeNormalization;

/// What companies are, which does not tell them apart.
const COMPANY_FORMS: &[&str] = &[
    "ab",
    "ag",
    "aps",
    "as",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "doo",
    "ev",
    "gbr",
    "gmbh",
    "group",
    "holding",
    "holdings",
    "inc",
    "incorporated",
    "international",
    "kft",
    "kg",
    "limited",
    "llc",
    "llp",
    "ltd",
    "mbh",
    "nv",
    "oy",
    "oyj",
    "plc",
    "pte",
    "pty",
    "pvt",
    "sa",
    "sarl",
    "sas",
    "se",
    "sl",
    "spa",
    "srl",
    "sro",
    "the",
    "ug",
];

/// What stands before or after a name and is not part of it.
const TITLES: &[&str] = &[
    "dipl", "dr", "frau", "herr", "ii", "iii", "ing", "jr", "junior", "mag", "mba", "med", "miss", "mme", "mr", "mrs", "ms", "msc", "mx",
    "phd", "prof", "sr",
];

/// A letter that Unicode does not decompose, as it is written in English.
const fn latin(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'þ' => "th",
        'ı' => "i",
        // Cyrillic, after BGN/PCGN as far as one letter follows another.
        'а' => "a",
        'б' => "b",
        'в' => "v",
        'г' | 'ґ' => "g",
        'д' => "d",
        'е' | 'э' | 'є' => "e",
        'ж' => "zh",
        'з' => "z",
        'и' | 'і' | 'ы' => "i",
        'к' => "k",
        'л' => "l",
        'м' => "m",
        'н' => "n",
        'о' => "o",
        'п' => "p",
        'р' => "r",
        'с' => "s",
        'т' => "t",
        'у' => "u",
        'ф' => "f",
        'х' => "kh",
        'ц' => "ts",
        'ч' => "ch",
        'ш' => "sh",
        'щ' => "shch",
        'ъ' | 'ь' => "",
        'ю' => "yu",
        'я' => "ya",
        // Greek, after ELOT 743.
        'α' => "a",
        'β' => "v",
        'γ' => "g",
        'δ' => "d",
        'ε' => "e",
        'ζ' => "z",
        'η' | 'ι' | 'υ' => "i",
        'θ' => "th",
        'κ' => "k",
        'λ' => "l",
        'μ' => "m",
        'ν' => "n",
        'ξ' => "x",
        'ο' | 'ω' => "o",
        'π' => "p",
        'ρ' => "r",
        'σ' | 'ς' => "s",
        'τ' => "t",
        'φ' => "f",
        'χ' => "ch",
        'ψ' => "ps",
        _ => return None,
    })
}

/// Lower-cased Latin letters without accents; everything but letters and digits becomes a space between words.
pub(crate) fn words(text: &str) -> Vec<String> {
    let mut folded = String::with_capacity(text.len());
    for letter in text.nfkd() {
        if unicode_normalization::char::is_combining_mark(letter) {
            continue;
        }
        for small in letter.to_lowercase() {
            match latin(small) {
                Some(text) => folded.push_str(text),
                None if small.is_alphanumeric() => folded.push(small),
                // O'Brien and OBrien are one word.
                None if matches!(small, '\'' | '’' | '`') => {}
                None => folded.push(' '),
            }
        }
    }
    folded.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// The words of a name, without titles.
pub(crate) fn name_words(text: &str) -> Vec<String> {
    let all = words(text);
    let kept: Vec<String> = all.iter().filter(|word| !TITLES.contains(&word.as_str())).cloned().collect();
    if kept.is_empty() { all } else { kept }
}

/// A company without its legal form and without spaces.
pub(crate) fn company(name: &str) -> String {
    let all = words(&name.replace('.', ""));
    let kept: String = all.iter().filter(|word| !COMPANY_FORMS.contains(&word.as_str())).map(String::as_str).collect();
    if kept.is_empty() { all.concat() } else { kept }
}

/// Müller, Mueller and Muller alike.
pub(crate) fn without_umlaut_spelling(word: &str) -> String {
    word.replace("ae", "a").replace("oe", "o").replace("ue", "u")
}

/// The part of a host that its owner has registered: `mail.acme.co.uk` becomes `acme.co.uk`. Without the
/// Public Suffix List: under a country's two letters the usual second levels count as part of the suffix.
pub(crate) fn registrable(domain: &str) -> &str {
    const SECOND_LEVELS: &[&str] = &["ac", "co", "com", "edu", "gob", "gov", "ltd", "me", "ne", "net", "or", "org", "plc"];
    let labels: Vec<&str> = domain.split('.').collect();
    let suffix = match labels.as_slice() {
        [.., second, country] if country.len() == 2 && SECOND_LEVELS.contains(second) => 2,
        _ => 1,
    };
    let skipped = labels.len().saturating_sub(suffix + 1);
    let from: usize = labels.iter().take(skipped).map(|label| label.len() + 1).sum();
    domain.get(from..).unwrap_or(domain)
}

/// Sounds of a word: American Soundex (US National Archives, 1918/1930), enough to bring spellings of a surname
/// into one block.
pub(crate) fn soundex(word: &str) -> String {
    let code = |letter: char| match letter {
        'b' | 'f' | 'p' | 'v' => Some('1'),
        'c' | 'g' | 'j' | 'k' | 'q' | 's' | 'x' | 'z' => Some('2'),
        'd' | 't' => Some('3'),
        'l' => Some('4'),
        'm' | 'n' => Some('5'),
        'r' => Some('6'),
        _ => None,
    };
    let mut letters = word.chars();
    let Some(first) = letters.next() else { return String::new() };
    let mut sound = String::from(first);
    let mut last = code(first);
    for letter in letters {
        let now = code(letter);
        if let Some(digit) = now
            && now != last
        {
            sound.push(digit);
            if sound.len() == 4 {
                break;
            }
        }
        // Equal sounds with h or w between them count once.
        if !matches!(letter, 'h' | 'w') {
            last = now;
        }
    }
    sound
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_does_not_tell_people_apart() {
        assert_eq!(name_words("Dr. José-María  O’Brien"), ["jose", "maria", "obrien"]);
        assert_eq!(name_words("Иван Петров"), ["ivan", "petrov"]);
        assert_eq!(company("The Acme Robotics, Inc."), "acmerobotics");
        assert_eq!(company("Weiß & Söhne GmbH"), "weisssohne");
        assert_eq!(company("Holding AG"), "holdingag");
        assert_eq!(without_umlaut_spelling("mueller"), "muller");
    }

    #[test]
    fn a_host_belongs_to_what_was_registered() {
        for (host, owner) in
            [("mail.acme.com", "acme.com"), ("a.b.acme.co.uk", "acme.co.uk"), ("acme.de", "acme.de"), ("localhost", "localhost")]
        {
            assert_eq!(registrable(host), owner);
        }
    }

    #[test]
    fn spellings_of_a_surname_sound_alike() {
        assert_eq!(soundex("robert"), soundex("rupert"));
        assert_eq!((soundex("tymczak"), soundex("pfister")), ("t522".to_owned(), "p236".to_owned()));
        assert_eq!(soundex(""), "");
    }
}
