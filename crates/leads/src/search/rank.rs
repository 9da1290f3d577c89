//! Which of the leads that hold the searched words come first, where only a few are shown.
//!
//! A list has an order of its own and every lead in it; a choice of six must begin with the one that was meant. How good a lead is
//! as such, its score, decides only among those that the words mean equally well.

use std::cmp::Reverse;

use super::{fold::fold, words::words};
use crate::model::Lead;

/// How a word stands in a text, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is all of the text.
    Whole,
    /// As a word of it.
    Word,
    /// A word of it begins so.
    Beginning,
    Inside,
    Nowhere,
}

/// What a text says about a lead, the most telling first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Telling {
    /// Who it is: the whole name, the e-mail address.
    Person,
    /// A part of the name.
    Name,
    Company,
    Title,
    Nothing,
}

/// Where a lead stands among others: the least comes first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// The text that is the search as a whole.
    whole: Telling,
    /// How each word stands where it stands best, all words together.
    fit: u32,
    /// And what those texts tell.
    telling: u32,
    score: Reverse<i32>,
}

/// Brings those first whom the search means best: of whom it is the e-mail address or the whole name, then of whom its words are
/// whole texts, whole words, beginnings of words, and at last any letters at all.
pub(crate) fn best_first(leads: &mut [Lead], q: &str) {
    let whole = spaced_once(&fold(q));
    let words: Vec<String> = words(q).into_iter().map(|word| word.text).collect();
    leads.sort_by_cached_key(|lead| rank(lead, &whole, &words));
}

fn rank(lead: &Lead, whole: &str, words: &[String]) -> Rank {
    let texts = texts(lead);
    let best =
        |word: &String| texts.iter().map(|(telling, text)| (fit(text, word), *telling)).min().unwrap_or((Fit::Nowhere, Telling::Nothing));
    let (mut fits, mut tells) = (0, 0);
    for (fit, telling) in words.iter().map(best) {
        fits += fit as u32;
        tells += telling as u32;
    }
    let said = texts.iter().filter(|(_, text)| text == whole).map(|(telling, _)| *telling).min();
    Rank { whole: said.unwrap_or(Telling::Nothing), fit: fits, telling: tells, score: Reverse(lead.score) }
}

/// The texts of a lead that are searched, folded as they are there. Names are written either way round.
fn texts(lead: &Lead) -> Vec<(Telling, String)> {
    let (first, last) = (&lead.first_name, &lead.last_name);
    let texts = [
        (Telling::Person, format!("{first} {last}")),
        (Telling::Person, format!("{last} {first}")),
        (Telling::Person, lead.email.clone().unwrap_or_default()),
        (Telling::Name, first.clone()),
        (Telling::Name, last.clone()),
        (Telling::Company, lead.company_name.clone()),
        (Telling::Company, lead.company_domain.clone()),
        (Telling::Title, lead.title.clone()),
    ];
    texts.into_iter().map(|(telling, text)| (telling, spaced_once(&fold(&text)))).filter(|(_, text)| !text.is_empty()).collect()
}

fn spaced_once(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// How the word stands in the text where it stands best.
fn fit(text: &str, word: &str) -> Fit {
    if text == word {
        return Fit::Whole;
    }
    // What is searched for may itself begin or end with what is no letter, as in "@acme".
    let (opens, closes) = (!word.starts_with(char::is_alphanumeric), !word.ends_with(char::is_alphanumeric));
    let at = |(start, found): (usize, &str)| {
        let begins = opens || !text[..start].ends_with(char::is_alphanumeric);
        let ends = closes || !text[start + found.len()..].starts_with(char::is_alphanumeric);
        match (begins, ends) {
            (true, true) => Fit::Word,
            (true, false) => Fit::Beginning,
            (false, _) => Fit::Inside,
        }
    };
    text.match_indices(word).map(at).min().unwrap_or(Fit::Nowhere)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use kernel::LeadId;
    use serde_json::Map;

    use super::*;
    use crate::model::Status;

    /// Somebody of this name, address, company and title; the later ones in a list score higher.
    fn lead((name, email, company, title): (&str, &str, &str, &str), score: i32) -> Lead {
        let (first, last) = name.split_once(' ').unwrap_or((name, ""));
        Lead {
            id: LeadId::new(),
            first_name: first.to_owned(),
            last_name: last.to_owned(),
            email: Some(email.to_owned()).filter(|email| !email.is_empty()),
            phone: String::new(),
            title: title.to_owned(),
            seniority: String::new(),
            department: String::new(),
            linkedin_url: String::new(),
            account_id: None,
            company_name: company.to_owned(),
            company_domain: String::new(),
            industry: String::new(),
            employee_count: None,
            annual_revenue: None,
            country: String::new(),
            city: String::new(),
            status: Status::New,
            owner_id: None,
            tags: Vec::new(),
            source: String::new(),
            external_id: String::new(),
            custom: Map::new(),
            score,
            score_reasons: Vec::new(),
            last_activity_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
            version: 1,
        }
    }

    /// Whether these people come in this order, whatever order they were in and though each scores higher than the one before.
    #[track_caller]
    fn come(q: &str, people: &[(&str, &str, &str, &str)]) {
        let leads: Vec<Lead> = people.iter().copied().zip(0..).map(|(person, score)| lead(person, score)).collect();
        let mut found: Vec<Lead> = leads.iter().rev().cloned().collect();
        best_first(&mut found, q);
        let names = |leads: &[Lead]| leads.iter().map(Lead::display_name).collect::<Vec<_>>();
        assert_eq!(names(&found), names(&leads), "{q}");
    }

    #[test]
    fn the_one_who_is_meant_comes_first() {
        come(
            "ann lee",
            &[
                ("Ann Lee", "", "", ""),
                ("Ann Leeds", "", "", ""),
                ("Anna Lee-Marks", "", "", ""),
                ("Joann Leeds", "", "", ""),
                ("Joanna Fleeter", "", "", ""),
            ],
        );
        come("LEE Ann", &[("Ann Lee", "", "", ""), ("Joann Leeds", "lee.ann@x.example", "Lee Ann Ltd", "Lee")]);
        come("Ann@X.example", &[("Ann Lee", "ann@x.example", "", ""), ("Ann Other", "joann@x.example", "", "")]);
        come("soren weiss", &[("Søren Weiß", "", "", ""), ("Sorensen Weissmann", "", "", "")]);
    }

    #[test]
    fn whole_texts_before_words_before_beginnings_before_letters() {
        come(
            "stone",
            &[
                ("Stone", "", "", ""),
                ("Ada Stone", "", "", ""),
                ("Company Eve", "", "Stone", ""),
                ("Title Eve", "", "", "Stone"),
                ("Address Eve", "eve.stone@x.example", "", ""),
                ("Worker Eve", "", "Stone & Sons", ""),
                ("Mason Eve", "", "", "Stone mason"),
                ("Ada Stoneham", "", "", ""),
                ("Quarry Eve", "", "Stoneworks", ""),
                ("Ada Blackstone", "", "", ""),
            ],
        );
    }

    #[test]
    fn every_word_counts_and_then_the_score() {
        come(
            "ada atlas",
            &[("Ada King", "", "Atlas Energy", ""), ("Adam King", "", "Atlas Energy", ""), ("Canada King", "", "Blueatlas Labs", "")],
        );
        let mut equals = vec![lead(("Ada Low", "", "", ""), 1), lead(("Ada High", "", "", ""), 9)];
        best_first(&mut equals, "ada");
        assert_eq!(equals[0].last_name, "High");
    }

    #[test]
    fn words_end_where_letters_do() {
        for (text, word, expected) in [
            ("ann.lee@x.example", "lee", Fit::Word),
            ("ann.lee@x.example", "lee@x", Fit::Word),
            ("ann.lee@x.example", "@x", Fit::Word),
            ("ann.lee@xy.example", "@x", Fit::Beginning),
            ("fleeter lee", "lee", Fit::Word),
            ("o'brien", "brien", Fit::Word),
            ("한국어", "국", Fit::Inside),
            ("ada", "ada", Fit::Whole),
            ("ada", "eve", Fit::Nowhere),
        ] {
            assert_eq!(fit(text, word), expected, "{word} in {text}");
        }
    }
}
