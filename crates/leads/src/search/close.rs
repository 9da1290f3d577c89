//! Leads that are spelt nearly as searched.

use db::{DbError, Scope, TenantTx};
use http_kit::{App, Problem};
use kernel::LeadId;

use super::words::{Word, contains, words};
use crate::{
    filter::Params,
    model::Lead,
    store::{self, grid::ListQuery},
};

/// Shorter words are like too many others.
const SHORTEST: usize = 3;
/// Terms taken for one word: words alike, and companies and titles with a word alike.
const TERMS: i64 = 50;
/// Leads looked at more closely.
const CANDIDATES: i64 = 1_000;
/// How alike the words of a lead must be on average, from 0 to 1.
const ALIKE: f64 = 0.3;
/// How alike a word is in which two letters have changed places: trigrams hardly see that it is one.
const EXCHANGED: f64 = 0.8;
/// Words in which letters may have changed places have so many; of longer ones the first are tried.
const LETTERS: std::ops::RangeInclusive<usize> = 4..=16;

/// Leads whose words are like the searched ones, most alike first; none of `known`, and not more than `limit`.
///
/// For when the exact search has found few. Only leads that match the filter and are visible come forward, and of the
/// vocabulary nothing but them.
///
/// # Errors
/// When the database fails.
pub async fn close_matches(app: &App, scope: &Scope, query: &ListQuery, known: &[Lead], limit: i64) -> Result<Vec<Lead>, Problem> {
    let query = &query.searching();
    let words: Vec<Word> = words(&query.q).into_iter().filter(|word| word.text.chars().count() >= SHORTEST).collect();
    if words.is_empty() || limit < 1 {
        return Ok(Vec::new());
    }
    let tx = app.db.tenant(scope).await?;
    tx.execute("SET LOCAL pg_trgm.word_similarity_threshold = 0.5", &[]).await?;
    let mut alike = Vec::new();
    for word in &words {
        let keys = terms_like(&tx, word).await?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        alike.push(keys);
    }
    let mut p = Params::default();
    let org = format!("{}::uuid", p.push(scope.org()));
    let condition = query.filter.to_sql(&mut p, app.clock.now());
    let narrow: Vec<String> =
        alike.into_iter().map(|keys| format!("leadline_search_keys(l.org_id, l.search) && {}::bigint[]", p.push(keys))).collect();
    let ranks: Vec<String> = words
        .iter()
        .map(|word| {
            let (text, exchanged) = (p.push(word.text.clone()), p.push(exchanged(&word.text)));
            format!(
                "greatest(strict_word_similarity({text}::text, l.search), CASE WHEN l.search LIKE ANY({exchanged}::text[]) THEN {EXCHANGED} END)"
            )
        })
        .collect();
    let known = p.push(known.iter().map(|lead| lead.id).collect::<Vec<LeadId>>());
    let sql = format!(
        "WITH near AS MATERIALIZED (SELECT l.id, ({}) / {}::float8 AS alike FROM lead_hits l
           WHERE {} AND {condition} AND l.id <> ALL ({known}::uuid[]) LIMIT {CANDIDATES}),
         best AS MATERIALIZED (SELECT n.id, n.alike FROM near n WHERE n.alike >= {ALIKE} ORDER BY n.alike DESC, n.id LIMIT {limit})
         SELECT {} FROM best JOIN lead_rows l ON l.org_id = {org} AND l.id = best.id ORDER BY best.alike DESC, l.score DESC, l.id DESC",
        ranks.join(" + "),
        words.len(),
        narrow.join(" AND "),
        store::LEAD,
    );
    let rows = tx.query(&sql, &p.refs()).await?;
    tx.commit().await?;
    rows.iter().map(store::lead).collect::<Result<_, _>>().map_err(Problem::from)
}

/// The terms that are like a word: words alike, companies and titles with a word alike, and those with two letters in each other's place.
async fn terms_like(tx: &TenantTx, word: &Word) -> Result<Vec<i64>, DbError> {
    let mut p = Params::default();
    let (org, text, most) = (p.push(tx.org()), p.push(word.text.clone()), p.push(TERMS));
    let exchanged: Vec<String> =
        exchanged(&word.text).into_iter().map(|pattern| format!("t.term LIKE {}::text", p.push(pattern))).collect();
    // One by one and not as an array, which this kind of index is not asked for.
    let exchanged = if exchanged.is_empty() { "false".to_owned() } else { exchanged.join(" OR ") };
    let mut sets = vec![format!("NOT t.company AND t.term % {text} ORDER BY similarity(t.term, {text}) DESC")];
    // Companies and other terms have an index each.
    for half in ["t.company", "NOT t.company"] {
        sets.push(format!("{half} AND {text} <% t.term ORDER BY word_similarity({text}, t.term) DESC"));
        sets.push(format!("{half} AND ({exchanged})"));
    }
    let sets: Vec<String> =
        sets.iter().map(|set| format!("(SELECT t.key FROM lead_term_rows t WHERE t.org_id = {org} AND {set} LIMIT {most})")).collect();
    let sql = sets.join(" UNION ");
    let rows = tx.query(&sql, &p.refs()).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}

/// Patterns of the word with each two neighbouring letters in each other's place.
fn exchanged(word: &str) -> Vec<String> {
    let letters: Vec<char> = word.chars().collect();
    if letters.len() < *LETTERS.start() {
        return Vec::new();
    }
    let swapped = |at: usize| {
        let mut other = letters.clone();
        other.swap(at, at + 1);
        (other != letters).then(|| contains(&other.into_iter().collect::<String>()))
    };
    (0..letters.len().min(*LETTERS.end()) - 1).filter_map(swapped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_change_places() {
        assert_eq!(exchanged("jonh"), ["%ojnh%", "%jnoh%", "%john%"]);
        assert_eq!(exchanged("a%bb"), ["%\\%abb%", "%ab\\%b%"], "what LIKE knows stays a letter, and equal letters are not tried");
        assert!(exchanged("ada").is_empty());
        assert_eq!(exchanged(&"ab".repeat(50)).len(), 15);
    }
}
