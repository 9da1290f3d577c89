//! Two leads compared: what speaks for and against their being one person.

use super::{
    evidence::{Evidence, Level, PRIOR},
    nicknames::may_be_one,
    person::{Mailbox, Person},
    text,
};

/// How many leads have the name and the telephone number of the two, up to [`super::keys::MOST`] and one more.
/// 0: not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sharing {
    pub name: usize,
    pub phone: usize,
}

/// What a comparison has found.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// log2 of the odds that they are one person.
    pub bits: f64,
    pub evidence: Vec<Evidence>,
}

/// That much negative evidence is a contradiction: something known of both that cannot be true of one person.
const CONTRADICTION: f64 = -5.0;

/// A number that more leads have is a switchboard's. People with several records in one list have fewer.
const SWITCHBOARD: usize = 5;

/// How two words relate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    Same,
    /// By the conventions of a script or language: Müller, Mueller.
    Spelling,
    Typo,
    None,
}

impl Comparison {
    /// Whether the two cannot be one person, whatever else connects them.
    pub fn contradicts(&self) -> bool {
        let against: f64 = self.evidence.iter().map(|evidence| evidence.bits.min(0.0)).sum();
        self.bits < 0.0 && against <= CONTRADICTION
    }
}

/// Compares two leads. The order does not matter.
pub fn compare(a: &Person, b: &Person, sharing: Sharing) -> Comparison {
    let mut evidence = Vec::with_capacity(8);
    let mut found = |level: Level, less: f64| evidence.push(Evidence { level, bits: level.bits() - less });
    let name = name(a, b);
    if let Some(level) = name {
        found(level, if level.bits() > 0.0 { commonness(sharing.name) } else { 0.0 });
    }
    let names_agree = name.is_some_and(|level| level.bits() > 5.0);
    if let Some(level) = email(a, b, names_agree) {
        found(level, 0.0);
    }
    if !a.phone.is_empty() && !b.phone.is_empty() {
        match () {
            () if a.phone != b.phone => found(Level::PhoneOther, 0.0),
            () if sharing.phone > SWITCHBOARD => found(Level::PhoneShared, 0.0),
            () => found(Level::PhoneSame, 0.0),
        }
    }
    if !a.linkedin.is_empty() && !b.linkedin.is_empty() {
        found(if a.linkedin == b.linkedin { Level::ProfileSame } else { Level::ProfileOther }, 0.0);
    }
    if let Some(level) = company(a, b) {
        found(level, 0.0);
    }
    if !a.city.is_empty() && a.city == b.city {
        found(Level::CitySame, 0.0);
    }
    if !a.country.is_empty() && !b.country.is_empty() && a.country != b.country {
        found(Level::CountryOther, 0.0);
    }
    if a.title.len() > 3 && a.title == b.title {
        found(Level::TitleSame, 0.0);
    }
    if !a.external_id.is_empty() && !b.external_id.is_empty() {
        found(if a.external_id == b.external_id { Level::ExternalSame } else { Level::ExternalOther }, 0.0);
    }
    Comparison { bits: PRIOR + evidence.iter().map(|evidence| evidence.bits).sum::<f64>(), evidence }
}

/// What a name says less when more than two leads have it (Splink's term frequency adjustment).
fn commonness(sharing: usize) -> f64 {
    if sharing > 2 { f64::from(u32::try_from(sharing).unwrap_or(u32::MAX) / 2).max(1.0).log2() } else { 0.0 }
}

fn name(a: &Person, b: &Person) -> Option<Level> {
    let is_initial = |word: &str| word.chars().count() == 1;
    match ((a.given.as_str(), a.family.as_str()), (b.given.as_str(), b.family.as_str())) {
        (("", ""), _) | (_, ("", "")) => None,
        (("", family), (_, other)) | ((_, other), ("", family)) => {
            // A name in one word may be either.
            let like = likeness(family, other);
            let given = if a.given.is_empty() { &b.given } else { &a.given };
            Some(match like {
                Likeness::Same | Likeness::Spelling | Likeness::Typo => Level::NameFamilyOnly,
                Likeness::None if family == given => Level::NameGivenOnly,
                Likeness::None => Level::NameDiffers,
            })
        }
        ((given, ""), (other, _)) | ((other, _), (given, "")) => {
            let family = if a.family.is_empty() { &b.family } else { &a.family };
            Some(match given_likeness(given, other) {
                Likeness::Same | Likeness::Spelling => Level::NameGivenOnly,
                Likeness::Typo | Likeness::None if may_be_one(given, other) => Level::NameGivenOnly,
                Likeness::Typo | Likeness::None if given == family => Level::NameFamilyOnly,
                Likeness::Typo | Likeness::None => Level::NameDiffers,
            })
        }
        ((given, family), (other_given, other_family)) => {
            let straight = full_name(given, family, other_given, other_family);
            if straight == Level::NameSame {
                return Some(straight);
            }
            // The other way round only if that explains it without further excuses.
            let is_like = |one: &str, other: &str| likeness(one, other) != Likeness::None || may_be_one(one, other);
            let swapped = is_like(given, other_family) && is_like(family, other_given);
            let short = is_initial(given) || is_initial(other_given);
            if swapped && !short && straight.bits() < Level::NameSwapped.bits() {
                return Some(Level::NameSwapped);
            }
            Some(straight)
        }
    }
}

fn full_name(given: &str, family: &str, other_given: &str, other_family: &str) -> Level {
    let families = family_likeness(family, other_family);
    let givens = given_likeness(given, other_given);
    let is_initial = given.chars().next() == other_given.chars().next() && (given.chars().count() == 1 || other_given.chars().count() == 1);
    match (givens, families) {
        (Likeness::Same, Likeness::Same) => Level::NameSame,
        (Likeness::None, Likeness::None) if may_be_one(given, other_given) => Level::NameFamilyChanged,
        (Likeness::None, Likeness::None) => Level::NameDiffers,
        (Likeness::None, Likeness::Same | Likeness::Spelling) if may_be_one(given, other_given) => Level::NameNickname,
        (Likeness::None, Likeness::Typo) if may_be_one(given, other_given) => Level::NameSpelling,
        (Likeness::None, _) if is_initial => Level::NameInitial,
        (Likeness::None, _) => Level::NameGivenDiffers,
        (_, Likeness::None) => Level::NameFamilyChanged,
        // Two slips in one name are one too many.
        (Likeness::Typo, Likeness::Typo) => Level::NameDiffers,
        _ => Level::NameSpelling,
    }
}

/// First names that differ by their last vowel are often those of a man and a woman: Mario, Maria.
fn given_likeness(a: &str, b: &str) -> Likeness {
    match likeness(a, b) {
        Likeness::Typo if stem(a) == stem(b) => Likeness::None,
        other => other,
    }
}

fn stem(name: &str) -> &str {
    name.trim_end_matches(['a', 'e', 'i', 'o'])
}

/// Of a double name either part may be missing.
fn family_likeness(a: &str, b: &str) -> Likeness {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    match likeness(a, b) {
        Likeness::None if short.len() >= 4 && long.len() >= short.len() + 4 && (long.starts_with(short) || long.ends_with(short)) => {
            Likeness::Spelling
        }
        other => other,
    }
}

fn likeness(a: &str, b: &str) -> Likeness {
    if a == b {
        return Likeness::Same;
    }
    let (shorter, longer) = (a.len().min(b.len()), a.len().max(b.len()));
    if shorter < 3 || longer - shorter > 3 {
        return Likeness::None;
    }
    if text::without_umlaut_spelling(a) == text::without_umlaut_spelling(b) {
        return Likeness::Spelling;
    }
    // A slip of the pen is one letter; in a long word two, if it begins alike.
    match strsim::osa_distance(a, b) {
        1 if shorter >= 4 => Likeness::Typo,
        2 if shorter >= 7 && strsim::jaro_winkler(a, b) > 0.9 => Likeness::Typo,
        _ => Likeness::None,
    }
}

fn email(a: &Person, b: &Person, names_agree: bool) -> Option<Level> {
    let (one, other) = (a.mailbox.as_ref()?, b.mailbox.as_ref()?);
    if one.is_shared || other.is_shared {
        return None;
    }
    if one.domain == other.domain {
        // A name may have a typing error where the address made from it has none.
        let made = [one, other].iter().all(|mailbox| is_made_from(mailbox, a) || is_made_from(mailbox, b));
        return Some(match () {
            () if one.local == other.local => Level::EmailSame,
            () if made && names_agree => Level::EmailAlias,
            () => Level::EmailOther,
        });
    }
    let typo_in_host = one.local == other.local && strsim::osa_distance(&one.domain, &other.domain) == 1;
    if typo_in_host && one.local.len() >= 4 {
        return Some(Level::EmailSameLocal);
    }
    (one.local == other.local && one.local.len() >= 5).then_some(Level::EmailSameLocal)
}

/// Whether an address is one of those that companies make from a name: a.byron, abyron, ada.
fn is_made_from(mailbox: &Mailbox, person: &Person) -> bool {
    let local: String = mailbox.local.chars().filter(|c| c.is_alphanumeric()).collect();
    let (given, family) = (person.given.as_str(), person.family.as_str());
    let initial: String = given.chars().take(1).collect();
    let family_initial: String = family.chars().take(1).collect();
    [
        given.to_owned(),
        family.to_owned(),
        format!("{given}{family}"),
        format!("{family}{given}"),
        format!("{initial}{family}"),
        format!("{family}{initial}"),
        format!("{given}{family_initial}"),
    ]
    .iter()
    .any(|made| !made.is_empty() && (*made == local || text::without_umlaut_spelling(made) == text::without_umlaut_spelling(&local)))
}

fn company(a: &Person, b: &Person) -> Option<Level> {
    if !a.domain.is_empty() && a.domain == b.domain {
        return Some(Level::CompanySame);
    }
    if !a.company.is_empty() && a.company == b.company {
        return Some(Level::CompanySame);
    }
    let (one, other) = (a.company_word(), b.company_word());
    if one.is_empty() || other.is_empty() {
        return None;
    }
    let is_like = |one: &str, other: &str| {
        let shorter = one.len().min(other.len());
        shorter >= 4
            && (one == other
                || strsim::jaro_winkler(one, other) > 0.93
                || (shorter >= 6 && (one.starts_with(other) || other.starts_with(one))))
    };
    let similar = is_like(&one, &other) || is_like(&a.company, &b.company) || is_like(&one, &b.company) || is_like(&a.company, &other);
    Some(if similar { Level::CompanySimilar } else { Level::CompanyOther })
}
