//! Accounts in a list: searched, sorted, paged by key.

use db::{Db, DbError, Row, Scope};
use http_kit::{Cursor, Problem, Total};
use jiff::Timestamp;
use kernel::AccountId;
use serde::{Deserialize, Serialize};

use super::{ACCOUNT, account};
use crate::{filter::Params, model::Account, search, store::grid::COUNT_LIMIT};

/// The people of an account are counted up to here in a list.
const MOST_PEOPLE: i64 = 10_000;

/// An account in a list.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct AccountRow {
    #[serde(flatten)]
    pub account: Account,
    /// How many leads work there, up to 10,000.
    pub people: i64,
    /// The best score among them.
    pub top_score: Option<i32>,
}

/// A page of accounts.
#[derive(Debug)]
pub struct AccountPage {
    pub(crate) rows: Vec<AccountRow>,
    pub(crate) previous: Option<String>,
    pub(crate) next: Option<String>,
    /// As of the first page.
    pub(crate) total: Total,
}

/// What accounts are sorted by, and which way: `name`, or `-created_at` for descending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AccountSort {
    pub(crate) key: AccountKey,
    pub(crate) descending: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum AccountKey {
    #[default]
    Name,
    Created,
    Employees,
    Revenue,
}

impl AccountKey {
    pub(crate) const ALL: [Self; 4] = [Self::Name, Self::Created, Self::Employees, Self::Revenue];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Created => "created_at",
            Self::Employees => "employees",
            Self::Revenue => "revenue",
        }
    }

    /// Whether a cursor's text is a value of this key: one that somebody has bent would be an error of the database.
    fn reads(self, text: &str) -> bool {
        match self {
            Self::Name => true,
            Self::Created => text.parse::<Timestamp>().is_ok(),
            Self::Employees => text.parse::<i32>().is_ok(),
            Self::Revenue => text.parse::<i64>().is_ok(),
        }
    }

    /// The indexed expression, and the type that its values are compared as.
    const fn sql(self) -> (&'static str, &'static str) {
        match self {
            Self::Name => ("lower(a.name)", "text"),
            Self::Created => ("a.created_at", "timestamptz"),
            Self::Employees => ("coalesce(a.employee_count, -1)", "int"),
            Self::Revenue => ("coalesce(a.annual_revenue, -1)", "bigint"),
        }
    }
}

impl std::str::FromStr for AccountSort {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        let key = AccountKey::ALL.into_iter().find(|key| key.as_str() == name).ok_or(())?;
        Ok(Self { key, descending })
    }
}

impl std::fmt::Display for AccountSort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key.as_str())
    }
}

/// The row beside which a page begins.
#[derive(Serialize, Deserialize)]
struct Edge {
    /// Its sort key as text.
    n: String,
    i: AccountId,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    b: bool,
    /// The total of the first page; negative: more than that.
    t: i64,
    /// What it is sorted by.
    s: String,
}

/// One page of accounts; the words of `q` occur in name or domain.
pub async fn list(db: &Db, scope: &Scope, q: &str, sort: AccountSort, limit: i64, cursor: Option<&str>) -> Result<AccountPage, Problem> {
    let edge: Option<Edge> = cursor.filter(|text| !text.is_empty()).map(Cursor::decode).transpose()?;
    // A cursor of another sort would compare a name with a number.
    let edge = edge.filter(|edge| edge.s == sort.to_string());
    if edge.as_ref().is_some_and(|edge| !sort.key.reads(&edge.n)) {
        return Err(Cursor::invalid());
    }
    let backwards = edge.as_ref().is_some_and(|edge| edge.b);
    let (key, kind) = sort.key.sql();
    let mut p = Params::default();
    let org = format!("{}::uuid", p.push(scope.org()));
    let words: Vec<String> = search::words(q).iter().map(|word| format!(" AND a.search LIKE {}::text", p.push(word.pattern()))).collect();
    let found = format!("FROM account_rows a WHERE a.org_id = {org}{}", words.concat());
    let total = if edge.is_none() {
        format!("(SELECT count(*) FROM (SELECT {found} LIMIT {}) c)", COUNT_LIMIT + 1)
    } else {
        "0::bigint".to_owned()
    };
    let descending = sort.descending != backwards;
    let beyond = edge.as_ref().map_or_else(String::new, |edge| {
        let sign = if descending { "<" } else { ">" };
        format!(" AND ({key}, a.id) {sign} (({}::text)::{kind}, {}::uuid)", p.push(edge.n.clone()), p.push(edge.i))
    });
    let direction = if descending { "DESC" } else { "ASC" };
    // People are counted after the page is cut out, and no further than a page needs to know.
    let sql = format!(
        "SELECT a.*, w.people, w.top_score
         FROM (SELECT {ACCOUNT}, {key} AS key, ({key})::text AS key_text, {total} AS total {found}{beyond} ORDER BY {key} {direction}, a.id {direction} LIMIT {}) a
         CROSS JOIN LATERAL (SELECT count(*) AS people, max(l.score) AS top_score
           FROM (SELECT score FROM leads l WHERE l.org_id = {org} AND l.account_id = a.id LIMIT {MOST_PEOPLE}) l) w
         ORDER BY a.key {direction}, a.id {direction}",
        limit + 1
    );
    let rows = db.read(scope, &sql, &p.refs()).await?;
    page(&rows, sort, limit, edge.as_ref()).map_err(Problem::from)
}

fn page(rows: &[Row], sort: AccountSort, limit: i64, edge: Option<&Edge>) -> Result<AccountPage, DbError> {
    let counted = rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>("total"))?;
    let total = match edge {
        Some(edge) => Total { value: edge.t.saturating_abs(), exact: edge.t >= 0 },
        None => Total { value: counted.min(COUNT_LIMIT), exact: counted <= COUNT_LIMIT },
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    let backwards = edge.is_some_and(|edge| edge.b);
    let mut kept: Vec<&Row> = rows.iter().take(limit).collect();
    if backwards {
        kept.reverse();
    }
    let cursor = |row: Option<&&Row>, back: bool| -> Result<Option<String>, DbError> {
        let Some(row) = row else { return Ok(None) };
        let t = if total.exact { total.value } else { -total.value };
        Ok(Some(Cursor::encode(&Edge { n: row.try_get("key_text")?, i: row.try_get(0)?, b: back, t, s: sort.to_string() })))
    };
    let (has_previous, has_next) = if backwards { (more, true) } else { (edge.is_some(), more) };
    let previous = if has_previous { cursor(kept.first(), true)? } else { None };
    let next = if has_next { cursor(kept.last(), false)? } else { None };
    let rows = kept
        .into_iter()
        .map(|row| Ok(AccountRow { account: account(row)?, people: row.try_get("people")?, top_score: row.try_get("top_score")? }))
        .collect::<Result<_, DbError>>()?;
    Ok(AccountPage { rows, previous, next, total })
}
