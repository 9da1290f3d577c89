//! Values that a field holds already, for whoever writes a filter.

use db::{Db, DbError, Scope};

use crate::search::{fold, like_contains};

/// How many are offered.
const MOST: i64 = 20;
/// How many of the newest rows are looked at: what is frequent among them is what people mean, and the whole table would take
/// seconds.
const LOOKED_AT: i64 = 5_000;

/// Whether there is something to offer for this field.
pub(crate) fn answers(field: &str) -> bool {
    source(field).is_some()
}

/// The rows to look at, and the expression of the value.
fn source(field: &str) -> Option<(&'static str, &'static str)> {
    const LEADS: &str = "lead_rows";
    const ACCOUNTS: &str = "account_rows";
    Some(match field {
        "country" => (LEADS, "r.country"),
        "city" => (LEADS, "r.city"),
        "industry" => (LEADS, "r.industry"),
        "seniority" => (LEADS, "r.seniority"),
        "department" => (LEADS, "r.department"),
        "title" => (LEADS, "r.title"),
        "company_name" => (LEADS, "r.company_name"),
        "source" => (LEADS, "r.source"),
        "tags" => (LEADS, "unnest(r.tags)"),
        "account.country" => (ACCOUNTS, "r.country"),
        "account.city" => (ACCOUNTS, "r.city"),
        "account.industry" => (ACCOUNTS, "r.industry"),
        "account.name" => (ACCOUNTS, "r.name"),
        _ => return None,
    })
}

/// The values that hold these letters, the frequent ones first; `None` for a field that has nothing to offer.
pub(crate) async fn suggest(db: &Db, scope: &Scope, field: &str, letters: &str) -> Result<Option<Vec<String>>, DbError> {
    let Some((rows, value)) = source(field) else { return Ok(None) };
    // Leads by their index of the newest; accounts have none, and of them any will do.
    let order = if rows == "lead_rows" { "ORDER BY r.created_at DESC, r.id DESC" } else { "" };
    let sql = format!(
        "SELECT v FROM (SELECT {value} AS v FROM (SELECT r.* FROM {rows} r WHERE r.org_id = $1 {order} LIMIT {LOOKED_AT}) r) found
         WHERE v <> '' AND leadline_fold(v) LIKE $2 GROUP BY v ORDER BY leadline_fold(v) LIKE $3 DESC, count(*) DESC, v LIMIT {MOST}"
    );
    let letters = fold(letters.trim());
    let anywhere = like_contains(&letters);
    let first = anywhere.strip_prefix('%').unwrap_or_default().to_owned();
    let rows = db.read(scope, &sql, &[&scope.org(), &anywhere, &first]).await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect::<Result<_, _>>().map(Some)
}
