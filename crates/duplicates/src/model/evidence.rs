//! How much each agreement and disagreement says: the weights, as data.
//!
//! The model of Fellegi and Sunter (A Theory for Record Linkage, JASA 1969), in the form that Splink documents
//! (<https://moj-analytical-services.github.io/splink/topic_guides/theory/fellegi_sunter.html>): each comparison has levels; a level
//! that occurs with probability m between records of one person and with u between records of two moves
//! the odds by the factor m/u. Weights are log2 of these factors, so they add up, and 2^-12 are the odds before
//! anything is compared. Where two comparisons depend on each other (a telephone and a company, an address and a
//! name), the weights say what the second adds to the first.
//!
//! m and u below are judgements, checked against the labelled set of `bench/src/duplicates.rs`; each organisation's
//! decisions correct what comes of them (see `learning`).

use serde::{Deserialize, Serialize};

/// log2 of the odds that two leads which share a key are one person, before they are compared.
pub const PRIOR: f64 = -12.0;

/// One level of one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    NameSame,
    NameSwapped,
    NameNickname,
    NameSpelling,
    NameInitial,
    NameFamilyOnly,
    NameGivenOnly,
    NameFamilyChanged,
    NameGivenDiffers,
    NameDiffers,
    EmailSame,
    EmailSameLocal,
    EmailAlias,
    EmailOther,
    PhoneSame,
    PhoneShared,
    PhoneOther,
    ProfileSame,
    ProfileOther,
    CompanySame,
    CompanySimilar,
    CompanyOther,
    CitySame,
    CountryOther,
    TitleSame,
    ExternalSame,
    ExternalOther,
}

/// A level, m, u, and what it is called.
pub struct Weight {
    pub level: Level,
    pub m: f64,
    pub u: f64,
    pub says: &'static str,
}

const fn weight(level: Level, m: f64, u: f64, says: &'static str) -> Weight {
    Weight { level, m, u, says }
}

/// All of them, in the order in which people read them.
pub const WEIGHTS: [Weight; 27] = [
    weight(Level::NameSame, 0.62, 0.000_9, "Same name"),
    weight(Level::NameSwapped, 0.05, 0.000_15, "Same names the other way round"),
    weight(Level::NameNickname, 0.09, 0.000_5, "Same last name, short form of the first name"),
    weight(Level::NameSpelling, 0.12, 0.001, "Names differ by their spelling"),
    weight(Level::NameInitial, 0.04, 0.002, "Same last name, initial of the first name"),
    weight(Level::NameFamilyOnly, 0.02, 0.002_5, "Same last name, first name missing"),
    weight(Level::NameGivenOnly, 0.02, 0.007, "Same first name, last name missing"),
    weight(Level::NameFamilyChanged, 0.01, 0.04, "Same first name, other last name"),
    weight(Level::NameGivenDiffers, 0.000_5, 0.09, "Other first name"),
    weight(Level::NameDiffers, 0.000_5, 0.25, "Other name"),
    weight(Level::EmailSame, 0.33, 0.000_02, "Same mailbox"),
    weight(Level::EmailSameLocal, 0.12, 0.008, "Same e-mail name at another company"),
    weight(Level::EmailAlias, 0.2, 0.15, "Both addresses are made from the name"),
    weight(Level::EmailOther, 0.04, 0.25, "Another mailbox at the same host"),
    weight(Level::PhoneSame, 0.5, 0.001_5, "Same telephone number"),
    weight(Level::PhoneShared, 0.5, 0.2, "Same telephone number, which several share"),
    weight(Level::PhoneOther, 0.3, 0.7, "Other telephone number"),
    weight(Level::ProfileSame, 0.9, 0.000_05, "Same LinkedIn profile"),
    weight(Level::ProfileOther, 0.015, 0.9, "Other LinkedIn profile"),
    weight(Level::CompanySame, 0.77, 0.01, "Same company"),
    weight(Level::CompanySimilar, 0.08, 0.004, "Similar company"),
    weight(Level::CompanyOther, 0.15, 0.85, "Other company"),
    weight(Level::CitySame, 0.7, 0.3, "Same city"),
    weight(Level::CountryOther, 0.03, 0.2, "Other country"),
    weight(Level::TitleSame, 0.6, 0.15, "Same job title"),
    weight(Level::ExternalSame, 0.2, 0.000_5, "Same external id but for its spelling"),
    weight(Level::ExternalOther, 0.5, 0.8, "Other external id"),
];

impl Level {
    /// Its line of the table.
    pub fn weight(self) -> &'static Weight {
        // Every level has a line: a test looks.
        WEIGHTS.iter().find(|weight| weight.level == self).unwrap_or(&WEIGHTS[0])
    }

    /// log2(m/u).
    pub fn bits(self) -> f64 {
        let weight = self.weight();
        (weight.m / weight.u).log2()
    }
}

/// One thing that speaks for or against.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub level: Level,
    /// What it adds to log2 of the odds.
    pub bits: f64,
}

impl Evidence {
    /// In words.
    pub fn says(&self) -> &'static str {
        self.level.weight().says
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_has_one_line_and_says_something_else() {
        let levels: std::collections::HashSet<Level> = WEIGHTS.iter().map(|weight| weight.level).collect();
        let words: std::collections::HashSet<&str> = WEIGHTS.iter().map(|weight| weight.says).collect();
        assert_eq!((levels.len(), words.len()), (WEIGHTS.len(), WEIGHTS.len()));
        // The last variant's number tells how many there are.
        assert_eq!(Level::ExternalOther as usize + 1, WEIGHTS.len());
        assert!(WEIGHTS.iter().all(|w| w.m > 0.0 && w.u > 0.0 && w.m <= 1.0 && w.u <= 1.0));
    }
}
