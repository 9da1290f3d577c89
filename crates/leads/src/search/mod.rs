//! Searching leads by words: every word occurs somewhere in name, e-mail address, company, domain or title, as a part of a
//! word as well as a whole one, whatever the accents and the case.
//!
//! [`condition`] says that of a lead and is true wherever it stands. What makes a list fast is [`way`]: it looks the words up in
//! the organisation's vocabulary (`lead_terms`, migration 20) and names the leads that may hold them. When few do,
//! [`close_matches`] finds those that are spelt nearly so.

mod close;
mod exact;
mod fold;
mod narrow;
mod rank;
mod upkeep;
mod vocabulary;
mod words;

use crate::{filter::Params, model::Lead};

pub use close::close_matches;
pub(crate) use exact::exact_matches;
pub use fold::fold;
pub(crate) use narrow::{Narrowing, Way, way};
pub(crate) use rank::best_first;
pub(crate) use upkeep::CountTerms;
pub use words::{contains as like_contains, escape as escape_like};
pub(crate) use words::{together, words};

/// That the lead `l` holds every word. Without any, `true`.
pub fn condition(q: &str, p: &mut Params) -> String {
    let parts: Vec<String> = words(q).iter().map(|word| format!("l.search LIKE {}::text", p.push(word.pattern()))).collect();
    if parts.is_empty() { "true".to_owned() } else { format!("({})", parts.join(" AND ")) }
}

/// How many letters of a lead are searched: as many as fit an entry of the sort's index (migration 20), far more than a lead has.
const SEARCHED: usize = 450;

/// Whether the lead holds every word, as [`condition`] says it.
pub fn holds(lead: &Lead, q: &str) -> bool {
    let text = fold(&format!(
        "{} {}\n{}\n{} {}\n{}",
        lead.first_name,
        lead.last_name,
        lead.email.as_deref().unwrap_or_default(),
        lead.company_name,
        lead.company_domain,
        lead.title
    ));
    let searched = text.char_indices().nth(SEARCHED).and_then(|(end, _)| text.get(..end)).unwrap_or(&text);
    words(q).iter().all(|word| searched.contains(&word.text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_bound() {
        let mut params = Params::default();
        assert_eq!(condition("Ada  LOVE%", &mut params), "(l.search LIKE $1::text AND l.search LIKE $2::text)");
        assert_eq!(condition("   ", &mut params), "true");
        assert_eq!(params.len(), 2);
    }
}
