//! Leads who are what was searched for, and do not only hold its words.

use db::{Db, DbError, Path, Scope};

use crate::{
    model::Lead,
    store::{self, LEAN_LEAD},
};

/// Leads read of one name.
const NAMESAKES: i64 = 20;
/// Names of more words are nobody's.
const MOST_WORDS: usize = 6;

/// Leads whose e-mail address, whole name or last name the search is, in no order and without their custom values.
///
/// For a choice of a few where many hold the words: those who are meant need not be among the first of them. It asks two indexes and
/// reads a bounded number of rows, however frequent the words are.
pub(crate) async fn exact_matches(db: &Db, scope: &Scope, q: &str) -> Result<Vec<Lead>, DbError> {
    let whole = q.split_whitespace().collect::<Vec<_>>().join(" ");
    let (first, last) = names(&whole);
    let sql = format!(
        "WITH exact AS MATERIALIZED (
           (SELECT l.id FROM lead_rows l WHERE l.org_id = $1 AND l.email = lower($2::text) LIMIT 1)
           UNION
           (SELECT l.id FROM lead_rows l WHERE l.org_id = $1 AND lower(l.last_name) = lower($2::text) LIMIT {NAMESAKES})
           UNION
           SELECT named.id FROM unnest($3::text[], $4::text[]) AS n (first, last) CROSS JOIN LATERAL (
             SELECT l.id FROM lead_rows l WHERE l.org_id = $1 AND lower(l.last_name) = lower(n.last) AND lower(l.first_name) = lower(n.first)
             LIMIT {NAMESAKES}) named)
         SELECT {LEAN_LEAD} FROM exact JOIN lead_rows l ON l.org_id = $1 AND l.id = exact.id",
    );
    let (rows, _) = db.read_by(Path::Order, scope, (&sql, &[&scope.org(), &whole, &first, &last]), None).await?;
    rows.iter().map(store::lead).collect()
}

/// First and last names that the words may be, either way round. Who has no last name is called by the first alone.
fn names(whole: &str) -> (Vec<String>, Vec<String>) {
    let words: Vec<&str> = whole.split(' ').collect();
    if words.len() > MOST_WORDS {
        return (Vec::new(), Vec::new());
    }
    let splits = (1..words.len()).map(|at| words.split_at(at)).map(|(front, back)| (front.join(" "), back.join(" ")));
    let both_ways = splits.flat_map(|(front, back)| [(front.clone(), back.clone()), (back, front)]);
    both_ways.chain([(whole.to_owned(), String::new())]).unzip()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shared_out_either_way() {
        let pairs = |whole: &str| {
            let (first, last) = names(whole);
            first.into_iter().zip(last).map(|(first, last)| format!("{first}|{last}")).collect::<Vec<_>>()
        };
        assert_eq!(pairs("Ada"), ["Ada|"]);
        assert_eq!(pairs("Ada Lovelace"), ["Ada|Lovelace", "Lovelace|Ada", "Ada Lovelace|"]);
        assert_eq!(pairs("Ada van Berg")[..4], ["Ada|van Berg", "van Berg|Ada", "Ada van|Berg", "Berg|Ada van"]);
        assert!(pairs("a b c d e f g").is_empty());
    }
}
