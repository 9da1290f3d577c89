//! Text as search compares it.

use unicode_normalization::UnicodeNormalization;

/// Without accents and case, some letters spelt out: `Søren Weiß` becomes `soren weiss`.
///
/// The SQL function `leadline_fold` does the same (migration 20), and a test compares the two.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let bare: String = text.nfkd().filter(|letter| !is_accent(*letter)).nfc().collect();
    let mut folded = String::with_capacity(bare.len());
    // Letter by letter: of a whole word, a last Σ would become ς.
    for letter in bare.chars().flat_map(lower) {
        match letter {
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'ŧ' => folded.push('t'),
            'ς' => folded.push('σ'),
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            other => folded.push(other),
        }
    }
    folded
}

/// The marks that stand above and below Latin, Greek and Cyrillic letters; those of other scripts are letters to their readers.
const fn is_accent(letter: char) -> bool {
    matches!(letter, '\u{300}'..='\u{36f}')
}

/// As PostgreSQL's `lower`: what has no single letter in lower case stays as it is.
fn lower(letter: char) -> Option<char> {
    let mut lowered = letter.to_lowercase();
    match (lowered.next(), lowered.next()) {
        (Some(one), None) => Some(one),
        _ => Some(letter),
    }
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn accents_and_case_do_not_matter() {
        for (text, folded) in [
            ("Ada LOVELACE", "ada lovelace"),
            ("Søren Weiß", "soren weiss"),
            ("ŁÓDŹ", "lodz"),
            ("Müller", "muller"),
            ("İstanbul", "istanbul"),
            ("ΟΔΥΣΣΕΥΣ", "οδυσσευσ"),
            ("ЁЛКА", "елка"),
            ("ﬁne １２", "fine 12"),
            ("Æsir Œuvre Þór", "aesir oeuvre thor"),
            ("한국", "한국"),
        ] {
            assert_eq!(fold(text), folded, "{text}");
        }
    }

    #[test]
    fn what_is_folded_stays_so() {
        for letter in (0..0x1_1000_u32).filter_map(char::from_u32) {
            let once = fold(&letter.to_string());
            assert_eq!(fold(&once), once, "{letter:?}");
        }
    }
}
