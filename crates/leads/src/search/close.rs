//! Leads that are spelt nearly as searched.

use db::{DbError, Scope};
use http_kit::{App, Problem};
use kernel::LeadId;

use super::words::{Word, words};
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

/// Leads whose words are like the searched ones, most alike first; none of `known`, and not more than `limit`.
///
/// For when the exact search has found few. Only leads that match the filter and are visible come forward, and of the
/// vocabulary nothing but them.
///
/// # Errors
/// When the database fails.
pub async fn close_matches(app: &App, scope: &Scope, query: &ListQuery, known: &[Lead], limit: i64) -> Result<Vec<Lead>, Problem> {
    let words: Vec<Word> = words(&query.q).into_iter().filter(|word| word.text.chars().count() >= SHORTEST).collect();
    if words.is_empty() || limit < 1 {
        return Ok(Vec::new());
    }
    let tx = app.db.tenant(scope).await?;
    // A word with two letters exchanged shares half of its trigrams with the right one.
    tx.execute("SET LOCAL pg_trgm.word_similarity_threshold = 0.5", &[]).await?;
    let mut alike = Vec::new();
    for word in &words {
        let keys: Vec<i64> = tx
            .query(
                "(SELECT t.key FROM lead_term_rows t WHERE t.org_id = $1 AND NOT t.company AND t.term % $2 ORDER BY similarity(t.term, $2) DESC LIMIT $3)
                 UNION (SELECT t.key FROM lead_term_rows t WHERE t.org_id = $1 AND $2 <% t.term ORDER BY word_similarity($2, t.term) DESC LIMIT $3)",
                &[&tx.org(), &word.text, &TERMS],
            )
            .await?
            .iter()
            .map(|row| row.try_get(0))
            .collect::<Result<_, _>>()
            .map_err(DbError::from)?;
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
    let ranks: Vec<String> =
        words.iter().map(|word| format!("strict_word_similarity({}::text, l.search)", p.push(word.text.clone()))).collect();
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
