/// How much somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seniority {
    CLevel,
    Vp,
    Director,
    Manager,
    Senior,
}

/// Words and phrases that name a rank; the first that fits decides, so the higher ranks stand first
/// except where a phrase contains a higher rank's word ("vice president").
const PHRASES: [(&str, Seniority); 55] = [
    ("chief of staff", Seniority::Director),
    ("assistant vice president", Seniority::Vp),
    ("vice president", Seniority::Vp),
    ("vice presidente", Seniority::Vp),
    ("vp", Seniority::Vp),
    ("svp", Seniority::Vp),
    ("evp", Seniority::Vp),
    ("avp", Seniority::Vp),
    ("c level", Seniority::CLevel),
    ("clevel", Seniority::CLevel),
    ("c suite", Seniority::CLevel),
    ("cxo", Seniority::CLevel),
    ("ceo", Seniority::CLevel),
    ("cto", Seniority::CLevel),
    ("cfo", Seniority::CLevel),
    ("coo", Seniority::CLevel),
    ("cmo", Seniority::CLevel),
    ("cio", Seniority::CLevel),
    ("cro", Seniority::CLevel),
    ("cpo", Seniority::CLevel),
    ("cso", Seniority::CLevel),
    ("cdo", Seniority::CLevel),
    ("ciso", Seniority::CLevel),
    ("chro", Seniority::CLevel),
    ("chief", Seniority::CLevel),
    ("founder", Seniority::CLevel),
    ("cofounder", Seniority::CLevel),
    ("president", Seniority::CLevel),
    ("chairman", Seniority::CLevel),
    ("chairwoman", Seniority::CLevel),
    ("managing director", Seniority::CLevel),
    ("managing partner", Seniority::CLevel),
    ("general manager", Seniority::CLevel),
    ("executive director", Seniority::CLevel),
    ("geschäftsführer", Seniority::CLevel),
    ("geschäftsführerin", Seniority::CLevel),
    ("director", Seniority::Director),
    ("directeur", Seniority::Director),
    ("directrice", Seniority::Director),
    ("direktor", Seniority::Director),
    ("head", Seniority::Director),
    ("leiter", Seniority::Director),
    ("leiterin", Seniority::Director),
    ("manager", Seniority::Manager),
    ("mgr", Seniority::Manager),
    ("supervisor", Seniority::Manager),
    ("team lead", Seniority::Manager),
    ("team leader", Seniority::Manager),
    ("teamleiter", Seniority::Manager),
    ("foreman", Seniority::Manager),
    ("senior", Seniority::Senior),
    ("sr", Seniority::Senior),
    ("lead", Seniority::Senior),
    ("principal", Seniority::Senior),
    ("staff", Seniority::Senior),
];

/// Owning a company is a rank; owning a product or a process is a task.
const NOT_OWNERS: [&str; 6] = ["product", "process", "account", "project", "content", "service"];

impl Seniority {
    /// The rank that `seniority` names, else the one that `title` names.
    pub fn recognise(seniority: &str, title: &str) -> Option<Self> {
        Self::read(seniority).or_else(|| Self::read(title))
    }

    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        let words: String = text.to_lowercase().replace(['.', '\''], "").replace(|c: char| !c.is_alphanumeric(), " ");
        // "Assistant to the CEO" does not decide like one.
        let words: Vec<&str> = words.split_whitespace().collect();
        let position = |word: &str| words.iter().position(|w| *w == word);
        let helps = |pair: [&str; 2]| words.windows(2).any(|w| w == pair);
        if helps(["assistant", "to"]) || helps(["executive", "assistant"]) || helps(["personal", "assistant"]) {
            return None;
        }
        let has = |phrase: &str| {
            let wanted: Vec<&str> = phrase.split(' ').collect();
            words.windows(wanted.len()).any(|window| window == wanted.as_slice())
        };
        if let Some(at) = position("owner") {
            let before = at.checked_sub(1).and_then(|at| words.get(at));
            if before.is_none_or(|word| !NOT_OWNERS.contains(word)) {
                return Some(Self::CLevel);
            }
        }
        PHRASES.iter().find(|(phrase, _)| has(phrase)).map(|(_, rank)| *rank)
    }

    /// As a reason words it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::CLevel => "C-level, founder or owner",
            Self::Vp => "Vice president",
            Self::Director => "Director or head",
            Self::Manager => "Manager",
            Self::Senior => "Senior or lead",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Seniority::*, *};

    #[test]
    fn ranks_are_read_from_seniority_first_and_from_the_title_else() {
        let of = |seniority: &str, title: &str| Seniority::recognise(seniority, title);
        assert_eq!(of("c_level", ""), Some(CLevel));
        assert_eq!(of("C-Level", "Sales rep"), Some(CLevel));
        assert_eq!(of("vp", ""), Some(Vp));
        assert_eq!(of("entry", "Head of Marketing"), Some(Director));
        assert_eq!(of("", "Senior Vice President, Sales"), Some(Vp));
        assert_eq!(of("", "President & CEO"), Some(CLevel));
        assert_eq!(of("", "C.E.O."), Some(CLevel));
        assert_eq!(of("", "Co-Founder"), Some(CLevel));
        assert_eq!(of("", "Owner"), Some(CLevel));
        assert_eq!(of("", "Product Owner"), None);
        assert_eq!(of("", "Chief of Staff"), Some(Director));
        assert_eq!(of("", "Senior Director of Engineering"), Some(Director));
        assert_eq!(of("", "Team Lead Support"), Some(Manager));
        assert_eq!(of("", "Senior Sales Lead"), Some(Senior));
        assert_eq!(of("", "Assistant to the CEO"), None);
        assert_eq!(of("", "Executive Assistant"), None);
        assert_eq!(of("", "Doctor"), None);
        assert_eq!(of("", ""), None);
    }
}
