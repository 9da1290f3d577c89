//! What the index of terms can say about a search: which leads may hold all of the words.
//!
//! A lead has one company and several other terms. So for each way to share the words out, some to the company and the others to
//! other terms, the company holds all of the first and there is a term for each of the others. That is a superset of
//! the leads that hold the words, which the text itself then decides; and it needs no list of all companies with a
//! frequent word such as "energy" to find those with "atlas", too.

use db::{Db, DbError, Scope};

use super::{
    vocabulary::{Terms, Wanted, has_trigram, look_up},
    words::{Address, Word},
};
use crate::filter::Params;

/// Words that narrow; the others are looked for in the text alone.
const MOST_NARROWING: usize = 3;

/// Of a set, the part that another one has as well: no more than a guess.
const SHARED: i64 = 8;

/// Something that must hold of a lead's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Factor {
    /// One of these terms; before the look-up, the number of the set.
    Set(usize),
    /// All of these pairs of digits.
    Digits(Vec<String>),
}

/// A condition over the index of terms, as a disjunction of conjunctions.
#[derive(Debug, Clone)]
pub(crate) struct Narrowing {
    any_of: Vec<Vec<Factor>>,
    terms: Vec<Terms>,
    /// How many leads that may be.
    about: i64,
    /// Whether every lead that is found holds the words, more or less: there is one of them.
    is_exact: bool,
}

/// How a search is to be answered.
#[derive(Debug, Clone)]
pub(crate) enum Way {
    /// No lead holds the words.
    Nowhere,
    /// The index of terms finds them.
    Index(Narrowing),
    /// The index of terms would find too many to be of use.
    Everywhere,
}

/// Looks the words up in the vocabulary and decides.
pub(crate) async fn way(db: &Db, scope: &Scope, words: &[Word]) -> Result<Way, DbError> {
    let (ways, wanted) = share_out(&telling(words));
    let terms = look_up(db, scope, &wanted, &needs(&ways, &wanted)).await?;
    Ok(decide(ways, terms, words.len() == 1))
}

/// The words to look up: the longest, and none that only the whole vocabulary could tell, unless there are no others.
fn telling(words: &[Word]) -> Vec<&Word> {
    let (mut telling, short): (Vec<&Word>, Vec<&Word>) = words.iter().partition(|word| has_trigram(&word.pattern()));
    if telling.is_empty() {
        telling = short;
    }
    telling.sort_by_key(|word| std::cmp::Reverse(word.text.chars().count()));
    telling.truncate(MOST_NARROWING);
    telling
}

/// For each set of companies, what must have been found for it to matter: for one of these ways, all of its other sets.
///
/// A frequent word is in the names of thousands of companies, which are read for nothing if no lead can have the other word.
fn needs(ways: &[Vec<Factor>], wanted: &[Wanted]) -> Vec<Vec<Vec<usize>>> {
    let is_other = |at: &usize| wanted.get(*at).is_some_and(|set| set.company == Some(false));
    let sets = |way: &[Factor]| -> Vec<usize> {
        way.iter().filter_map(|factor| if let Factor::Set(at) = factor { Some(*at) } else { None }).collect()
    };
    (0..wanted.len())
        .map(|at| {
            let others = ways.iter().map(|way| sets(way)).filter(|sets| sets.contains(&at));
            let needed: Vec<Vec<usize>> = others.map(|sets| sets.into_iter().filter(is_other).collect()).collect();
            // One of other terms is looked up in any case.
            if is_other(&at) || needed.iter().any(Vec::is_empty) { Vec::new() } else { needed }
        })
        .collect()
}

/// All ways to share the words out between the company and other terms, and the sets of terms to look up for them.
fn share_out(words: &[&Word]) -> (Vec<Vec<Factor>>, Vec<Wanted>) {
    let mut wanted: Vec<Wanted> = Vec::new();
    let mut set = |company: Option<bool>, patterns: Vec<String>| {
        let new = Wanted { company, patterns };
        let at = wanted.iter().position(|known| *known == new).unwrap_or_else(|| {
            wanted.push(new);
            wanted.len() - 1
        });
        Factor::Set(at)
    };
    let mut ways = Vec::new();
    for mask in 0..1_u32 << words.len() {
        let chosen = |at: &usize| mask >> at & 1 == 1;
        let company: Vec<String> = words.iter().enumerate().filter(|(at, _)| chosen(at)).map(|(_, word)| word.pattern()).collect();
        let mut branches = vec![if company.is_empty() { Vec::new() } else { vec![set(Some(true), company)] }];
        for (_, word) in words.iter().enumerate().filter(|(at, _)| !chosen(at)) {
            let mut spellings = vec![vec![set(Some(false), vec![word.pattern()])]];
            spellings.extend(word.address.as_ref().map(|address| in_address(address, &mut set)));
            branches = branches.iter().flat_map(|branch| spellings.iter().map(|more| [branch.as_slice(), more].concat())).collect();
        }
        ways.append(&mut branches);
    }
    (ways, wanted)
}

/// The longest runs, the digits and the domain of a word that is a piece of an address.
fn in_address(address: &Address, set: &mut impl FnMut(Option<bool>, Vec<String>) -> Factor) -> Vec<Factor> {
    let mut runs: Vec<&String> = address.runs.iter().collect();
    runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
    let mut factors: Vec<Factor> = runs.into_iter().take(2).map(|run| set(Some(false), vec![run.clone()])).collect();
    if !address.digits.is_empty() {
        factors.push(Factor::Digits(address.digits.clone()));
    }
    factors.extend(address.domain.iter().map(|domain| set(None, vec![domain.clone()])));
    factors
}

/// Leaves out what nobody has and what narrows nothing.
fn decide(ways: Vec<Vec<Factor>>, terms: Vec<Terms>, is_exact: bool) -> Way {
    let mut any_of: Vec<Vec<Factor>> = Vec::new();
    let mut about = 0_i64;
    for factors in ways {
        let of = |factor: &Factor| match factor {
            Factor::Set(at) => terms.get(*at),
            Factor::Digits(_) => None,
        };
        if factors.iter().any(|factor| of(factor).is_some_and(|terms| terms.keys.is_empty())) {
            continue;
        }
        let narrow: Vec<Factor> = factors.into_iter().filter(|factor| of(factor).is_none_or(Terms::narrow)).collect();
        let Some(least) = narrow.iter().map(|factor| size(factor, of(factor))).min().filter(|least| *least < i64::MAX) else {
            return Way::Everywhere;
        };
        // Of what several sets have in common the index knows without reading a lead.
        about = about.saturating_add(if narrow.len() > 1 { least / SHARED } else { least });
        if !any_of.contains(&narrow) {
            any_of.push(narrow);
        }
    }
    if any_of.is_empty() { Way::Nowhere } else { Way::Index(Narrowing { any_of, terms, about, is_exact }) }
}

/// How many leads that is, roughly. Two digits alone are in every twentieth address; each further one divides by ten.
fn size(factor: &Factor, terms: Option<&Terms>) -> i64 {
    match (factor, terms) {
        (Factor::Set(_), Some(terms)) => terms.about,
        (Factor::Digits(pairs), _) if pairs.len() > 2 => 100,
        (Factor::Digits(pairs), _) if pairs.len() == 2 => 1_000,
        _ => i64::MAX,
    }
}

impl Narrowing {
    /// How many leads would be read from the table until `enough` have been found.
    pub(crate) fn to_read(&self, enough: i64) -> i64 {
        if self.is_exact { self.about.min(enough) } else { self.about }
    }

    /// The condition over `lead_hits l`, for the organisation whose placeholder is `org`.
    pub(crate) fn sql(&self, org: &str, p: &mut Params) -> String {
        let keys = "leadline_search_keys(l.org_id, l.search)";
        let ways: Vec<String> = self
            .any_of
            .iter()
            .map(|factors| {
                let all: Vec<String> = factors
                    .iter()
                    .map(|factor| match factor {
                        Factor::Set(at) => {
                            let found = self.terms.get(*at).map(|terms| terms.keys.clone()).unwrap_or_default();
                            format!("{keys} && {}::bigint[]", p.push(found))
                        }
                        Factor::Digits(pairs) => {
                            let pairs: Vec<String> =
                                pairs.iter().map(|pair| format!("leadline_search_key({org}, {}::text)", p.push(pair.clone()))).collect();
                            format!("{keys} @> ARRAY[{}]", pairs.join(", "))
                        }
                    })
                    .collect();
                all.join(" AND ")
            })
            .collect();
        format!("({})", ways.join(" OR "))
    }
}

#[cfg(test)]
mod tests {
    use super::{super::words::words, *};

    fn terms(keys: &[i64], about: i64) -> Terms {
        Terms { keys: keys.to_vec(), about, cut: false }
    }

    /// What is decided when the look-up gives these.
    fn decided(q: &str, found: impl Fn(&Wanted) -> Terms) -> Way {
        let words = words(q);
        let (ways, wanted) = share_out(&telling(&words));
        decide(ways, wanted.iter().map(found).collect(), words.len() == 1)
    }

    fn sql(way: &Way) -> String {
        match way {
            Way::Index(narrowing) => {
                narrowing.sql("$1", &mut Params::default()).replace("leadline_search_keys(l.org_id, l.search)", "keys")
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn companies_with_both_words_are_found_at_once() {
        let way = decided("atlas energy", |wanted| match (wanted.company, wanted.patterns.len()) {
            (Some(true), 2) => terms(&[1, 2], 40),
            (Some(true), _) => Terms { cut: true, ..terms(&[3], 9_000) },
            _ => Terms::default(),
        });
        assert_eq!(sql(&way), "(keys && $1::bigint[])");
    }

    #[test]
    fn names_are_intersected() {
        let way = decided("ada lovelace", |wanted| if wanted.company == Some(false) { terms(&[7], 50) } else { Terms::default() });
        assert_eq!(sql(&way), "(keys && $1::bigint[] AND keys && $2::bigint[])");
    }

    #[test]
    fn a_piece_of_an_address_is_run_and_digits() {
        let way = decided("son.12", |wanted| if wanted.patterns == ["%son"] { terms(&[7], 50) } else { Terms::default() });
        assert_eq!(sql(&way), "(keys && $1::bigint[] AND keys @> ARRAY[leadline_search_key($1, $2::text)])");
    }

    #[test]
    fn a_word_that_nobody_has_ends_the_search() {
        assert!(matches!(
            decided("ada xyzzy", |wanted| if wanted.patterns == ["%ada%"] { terms(&[7], 50) } else { Terms::default() }),
            Way::Nowhere
        ));
    }

    #[test]
    fn two_letters_are_left_to_the_text() {
        let looked_up =
            |q: &str| words(q).iter().filter(|word| telling(&words(q)).contains(word)).map(|word| word.text.clone()).collect::<Vec<_>>();
        assert_eq!(looked_up("vp finance"), ["finance"]);
        assert_eq!(looked_up("vp x"), ["vp", "x"], "there is nothing else");
    }

    #[test]
    fn companies_of_one_word_are_looked_up_if_the_other_is_no_company() {
        let words = words("smith software");
        let (ways, wanted) = share_out(&telling(&words));
        let said = |set: &Wanted| format!("{}{}", if set.company == Some(true) { "companies " } else { "" }, set.patterns.join(" "));
        let needs: Vec<(String, Vec<Vec<String>>)> = needs(&ways, &wanted)
            .into_iter()
            .enumerate()
            .map(|(at, needs)| {
                (said(&wanted[at]), needs.into_iter().map(|group| group.into_iter().map(|at| said(&wanted[at])).collect()).collect())
            })
            .collect();
        let needed = |set: &str| needs.iter().find(|(name, _)| name == set).map(|(_, needs)| needs.clone()).unwrap();
        assert_eq!(needed("companies %smith%"), [["%software%"]]);
        assert_eq!(needed("companies %software%"), [["%smith%"]]);
        for always in ["%smith%", "%software%", "companies %software% %smith%"] {
            assert!(needed(always).is_empty(), "{always}");
        }
    }

    #[test]
    fn a_word_that_many_have_does_not_narrow() {
        let many = Terms { cut: true, ..terms(&[1], 5) };
        assert!(matches!(decided("an", |_| many.clone()), Way::Everywhere));
        let way = decided(
            "ada an",
            |wanted| if wanted.patterns.iter().any(|pattern| pattern == "%ada%") { terms(&[7], 50) } else { many.clone() },
        );
        assert!(matches!(&way, Way::Index(narrowing) if narrowing.about <= 200), "{way:?}");
    }
}
