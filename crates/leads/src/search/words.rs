//! What somebody searches for, word by word.

use super::fold::fold;

/// How many words count; more narrow nothing.
const MOST_WORDS: usize = 8;

/// A searched word, folded, and how it may stand in an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) text: String,
    /// Unless it is a single run of letters, which is looked for anywhere.
    pub(crate) address: Option<Address>,
}

/// A word as a piece of an address: `son.12@acme` is a run that ends in `son`, then the digits `12`, then a domain with `acme`.
///
/// The runs are those of `leadline_search_terms` (migration 20).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    /// LIKE patterns of runs of letters in the local part.
    pub(crate) runs: Vec<String>,
    /// Pairs of digits that stand together there.
    pub(crate) digits: Vec<String>,
    /// A LIKE pattern of the domain.
    pub(crate) domain: Option<String>,
}

/// Both searches as one, if none of their words is lost by that.
pub(crate) fn together(q: &str, more: &str) -> Option<String> {
    let both = format!("{q} {more}").trim().to_owned();
    (words(&both).len() < MOST_WORDS).then_some(both)
}

/// The words of a search, folded, each once.
pub(crate) fn words(q: &str) -> Vec<Word> {
    let mut found: Vec<Word> = Vec::new();
    for text in q.split_whitespace().map(fold).flat_map(|text| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>()) {
        if found.len() < MOST_WORDS && !found.iter().any(|word| word.text == text) {
            let address = address(&text);
            found.push(Word { text, address });
        }
    }
    found
}

impl Word {
    /// A LIKE pattern that finds the word anywhere.
    pub(crate) fn pattern(&self) -> String {
        contains(&self.text)
    }
}

/// A LIKE pattern that finds `text` anywhere, whatever `%`, `_` and `\` it holds.
pub fn contains(text: &str) -> String {
    format!("%{}%", escape(text))
}

/// `text` as a LIKE pattern takes it literally.
pub fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

/// What ends a run of letters in a local part.
const fn ends_run(letter: char) -> bool {
    matches!(letter, '0'..='9' | '.' | '_' | '-' | '+' | '\'')
}

fn address(word: &str) -> Option<Address> {
    let (local, domain) = match word.split_once('@') {
        Some((local, domain)) => (local, (!domain.is_empty()).then(|| contains(domain))),
        None => (word, None),
    };
    if !word.contains(|letter| letter == '@' || ends_run(letter)) {
        return None;
    }
    // A run is cut off by the word's own ends and nowhere else.
    let pieces: Vec<&str> = local.split(ends_run).collect();
    let last = pieces.len() - 1;
    let runs = pieces
        .iter()
        .enumerate()
        .filter(|(_, piece)| !piece.is_empty())
        .map(|(at, piece)| {
            let (before, after) = (if at == 0 { "%" } else { "" }, if at == last && !word.contains('@') { "%" } else { "" });
            format!("{before}{}{after}", escape(piece))
        })
        .collect();
    let mut digits: Vec<String> = Vec::new();
    for run in local.split(|letter: char| !letter.is_ascii_digit()) {
        for pair in run.as_bytes().array_windows::<2>().map(|pair| String::from_utf8_lossy(pair).into_owned()) {
            if !digits.contains(&pair) {
                digits.push(pair);
            }
        }
    }
    Some(Address { runs, digits, domain })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(q: &str) -> Word {
        words(q).remove(0)
    }

    #[test]
    fn words_are_folded_and_count_once() {
        let texts: Vec<String> = words(" Ada  LOVELACE\u{3000}ada é ").into_iter().map(|word| word.text).collect();
        assert_eq!(texts, ["ada", "lovelace", "e"]);
        assert_eq!(words("1 2 3 4 5 6 7 8 9 10").len(), MOST_WORDS);
        assert!(words(" \n ").is_empty());
    }

    #[test]
    fn two_searches_are_one_while_every_word_counts() {
        assert_eq!(together("", "ada"), Some("ada".to_owned()));
        assert_eq!(together("ada", "lovelace"), Some("ada lovelace".to_owned()));
        assert_eq!(together("1 2 3 4", "5 6 7 8 9"), None);
    }

    #[test]
    fn patterns_find_what_they_say() {
        assert_eq!(one(r"50%_\").pattern(), r"%50\%\_\\%");
        assert!(one("a_b").pattern().contains(r"a\_b"));
    }

    #[test]
    fn a_word_may_be_a_piece_of_an_address() {
        assert_eq!(one("lovelace").address, None);
        let piece = |q: &str| one(q).address.unwrap();
        assert_eq!(piece("son.12"), Address { runs: vec!["%son".into()], digits: vec!["12".into()], domain: None });
        assert_eq!(piece("a.b.c").runs, ["%a", "b", "c%"]);
        assert_eq!(
            piece("x1984@acme.ex"),
            Address { runs: vec!["%x".into()], digits: vec!["19".into(), "98".into(), "84".into()], domain: Some("%acme.ex%".into()) }
        );
        assert_eq!(piece("ada@"), Address { runs: vec!["%ada".into()], digits: vec![], domain: None });
        assert_eq!(piece("@acme"), Address { runs: vec![], digits: vec![], domain: Some("%acme%".into()) });
        assert_eq!(piece("7").digits.len(), 0);
    }
}
