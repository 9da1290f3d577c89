//! Pages of leads: filtered, searched, sorted, by keyset.

use std::time::Duration;

use db::{Db, DbError, Row, Scope};
use http_kit::{App, Cursor, FieldError, Problem, Total};
use jiff::Timestamp;
use kernel::LeadId;
use serde::{Deserialize, Serialize};

use super::{LEAD, LEAD_COLUMNS, lead};
use crate::{
    filter::{Filter, Params, search_words},
    model::Lead,
};

/// Totals are exact up to here; counting further would cost more than it tells.
pub const COUNT_LIMIT: i64 = 10_000;

/// How long a count may be used again.
const COUNT_TTL: Duration = Duration::from_secs(10);

/// What a list can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortKey {
    Score,
    Created,
    Name,
    Company,
    Employees,
    LastActivity,
}

/// An order of leads: total, because the id decides between equals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub key: SortKey,
    pub descending: bool,
}

impl Default for Sort {
    fn default() -> Self {
        Self { key: SortKey::Score, descending: true }
    }
}

impl SortKey {
    const ALL: [Self; 6] = [Self::Score, Self::Created, Self::Name, Self::Company, Self::Employees, Self::LastActivity];

    /// The name in `?sort=`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Score => "score",
            Self::Created => "created_at",
            Self::Name => "name",
            Self::Company => "company",
            Self::Employees => "employees",
            Self::LastActivity => "last_activity",
        }
    }

    /// The expressions sorted by, which are those of an index, and their types.
    const fn columns(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Score => &[("l.score", "int")],
            Self::Created => &[("l.created_at", "timestamptz")],
            Self::Name => &[("lower(l.last_name)", "text"), ("lower(l.first_name)", "text")],
            Self::Company => &[("lower(l.company_name)", "text")],
            Self::Employees => &[("coalesce(l.employee_count, -1)", "int")],
            Self::LastActivity => &[("coalesce(l.last_activity_at, '-infinity')", "timestamptz")],
        }
    }
}

impl Sort {
    /// Reads `-score`, `name` and so on; empty is the default.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let (name, descending) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
        SortKey::ALL.into_iter().find(|key| key.name() == name).map(|key| Self { key, descending }).ok_or_else(|| {
            let names = SortKey::ALL.map(SortKey::name).join(", ");
            FieldError::new("/sort", "sort.unknown", format!("The list sorts by {names}; a - before the name turns it round"))
        })
    }
}

impl std::fmt::Display for Sort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", if self.descending { "-" } else { "" }, self.key.name())
    }
}

/// What to list.
#[derive(Debug, Clone, Default)]
pub struct ListQuery {
    pub filter: Filter,
    /// Words that must all occur.
    pub q: String,
    pub sort: Sort,
    pub limit: i64,
    /// A cursor of an earlier answer to the same query.
    pub cursor: Option<String>,
}

/// A page of a list, with the way to its neighbours.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// As of the first page: later pages carry it along instead of counting again.
    pub total: Total,
}

/// The edge row of a page. The sort is part of it, so that a cursor of one order is refused by another.
#[derive(Debug, Serialize, Deserialize)]
struct Edge {
    s: String,
    k: Vec<String>,
    i: LeadId,
    /// The page before this row, not after.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    b: bool,
    /// The total counted on the first page; negative: at least so many.
    t: i64,
}

/// A total, and the newest event of the organisation when it was counted: every change writes one.
/// It is kept for [`COUNT_TTL`] only, because numbers of events are not given in the order of commits
/// and because filters may speak of the present time.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Counted {
    seq: Option<i64>,
    total: i64,
}

/// Whether a page counts what its filter finds.
#[derive(Clone, Copy)]
enum Counting<'a> {
    /// A later page: the first one has told.
    Never,
    /// Somebody who sees some leads only: a change that takes a lead from them writes no event that they see.
    Always,
    /// Unless nothing has happened since this count, for it costs far more than the page itself.
    Unless(&'a Counted),
}

/// The statement of one page, and how to read its answer.
struct Plan<'a> {
    org: String,
    sort: Sort,
    edge: Option<&'a Edge>,
    limit: i64,
    condition: String,
}

impl Plan<'_> {
    fn backwards(&self) -> bool {
        self.edge.is_some_and(|edge| edge.b)
    }

    fn order(&self, names: &[String], id: &str) -> String {
        let direction = if self.sort.descending == self.backwards() { "ASC" } else { "DESC" };
        names.iter().map(String::as_str).chain([id]).map(|name| format!("{name} {direction}")).collect::<Vec<_>>().join(", ")
    }

    /// ` AND (keys, id) beyond the edge`.
    fn beyond(&self, names: &[String], id: &str, params: &mut Params) -> String {
        let Some(edge) = self.edge else { return String::new() };
        let sign = if self.sort.descending == edge.b { ">" } else { "<" };
        let bound: Vec<String> = self
            .sort
            .key
            .columns()
            .iter()
            .zip(&edge.k)
            .map(|((_, kind), key)| format!("{}::text::{kind}", params.push(key.clone())))
            .collect();
        format!(" AND ({}, {id}) {sign} ({}, {}::uuid)", names.join(", "), bound.join(", "), params.push(edge.i))
    }

    fn keys(&self) -> Vec<String> {
        self.sort.key.columns().iter().map(|(expression, _)| (*expression).to_owned()).collect()
    }

    fn key_texts(&self) -> String {
        self.keys().iter().map(|key| format!("({key})::text")).collect::<Vec<_>>().join(", ")
    }

    /// Walks the index of the sort until the page is full; good whenever matches are frequent.
    fn walk(&self, search: &str, counting: Counting<'_>, params: &mut Params) -> String {
        let (org, condition, keys) = (&self.org, &self.condition, self.keys());
        let count = format!(
            "(SELECT count(*) FROM (SELECT FROM lead_rows l WHERE l.org_id = {org} AND {condition}{search} LIMIT {}) c)",
            COUNT_LIMIT + 1
        );
        let total = match counting {
            Counting::Never => "0::bigint, NULL::bigint".to_owned(),
            Counting::Always => format!("{count}, NULL::bigint"),
            Counting::Unless(known) => {
                let newest = format!("(SELECT max(e.seq) FROM events e WHERE e.org_id = {org})");
                let (seq, n) = (params.push(known.seq), params.push(known.total));
                format!("CASE WHEN {newest} = {seq}::bigint THEN {n}::bigint ELSE {count} END, {newest}")
            }
        };
        let beyond = self.beyond(&keys, "l.id", params);
        format!(
            "SELECT {LEAD}, {}, {total} FROM lead_rows l WHERE l.org_id = {org} AND {condition}{search}{beyond} ORDER BY {} LIMIT {}",
            self.key_texts(),
            self.order(&keys, "l.id"),
            self.limit + 1
        )
    }

    /// Collects what the trigram index finds, counts it, and sorts it if it is not too much.
    /// A walk along the sort would visit every lead before it knew that a rare word occurs nowhere.
    fn collect(&self, search: &str, params: &mut Params) -> String {
        let (org, condition, keys) = (&self.org, &self.condition, self.keys());
        let named: Vec<String> = (1..=keys.len()).map(|n| format!("h.k{n}")).collect();
        let carried: Vec<String> = keys.iter().enumerate().map(|(n, key)| format!("{key} AS k{}", n + 1)).collect();
        let beyond = self.beyond(&named, "h.id", params);
        let outer = self.order(&keys, "l.id");
        format!(
            "WITH hit AS MATERIALIZED (SELECT l.id, {} FROM lead_rows l WHERE l.org_id = {org} AND {condition} AND {search} LIMIT {}),
                  total AS MATERIALIZED (SELECT count(*) AS n FROM hit),
                  page AS MATERIALIZED (SELECT h.id FROM hit h, total WHERE total.n <= {COUNT_LIMIT}{beyond} ORDER BY {} LIMIT {})
             SELECT {LEAD}, {}, total.n FROM total LEFT JOIN (page JOIN lead_rows l ON l.id = page.id AND l.org_id = {org}) ON true ORDER BY {outer}",
            carried.join(", "),
            COUNT_LIMIT + 1,
            self.order(&named, "h.id"),
            self.limit + 1,
            self.key_texts(),
        )
    }
}

/// One page of leads, in one round trip unless a searched word is very frequent (then two).
pub async fn list(app: &App, scope: &Scope, query: &ListQuery) -> Result<Page<Lead>, Problem> {
    let (db, now) = (&app.db, app.clock.now());
    let edge: Option<Edge> = query.cursor.as_deref().filter(|text| !text.is_empty()).map(Cursor::decode).transpose()?;
    if edge.as_ref().is_some_and(|edge| {
        edge.s != query.sort.to_string() || edge.k.len() != query.sort.key.columns().len() || !plausible(edge, query.sort)
    }) {
        return Err(Problem::field("/cursor", "cursor.invalid", "The cursor belongs to another sort: leave it out to begin again"));
    }
    let mut params = Params::default();
    let org_param = format!("{}::uuid", params.push(scope.org()));
    let condition = query.filter.to_sql(&mut params, now);
    let plan = Plan { org: org_param, sort: query.sort, edge: edge.as_ref(), limit: query.limit, condition };
    let rows = if query.q.trim().is_empty() {
        let key = format!("leads.total/{}/{}", scope.org(), query.filter.to_json());
        let known: Option<Counted> = if edge.is_none() && scope.sees_everything() {
            Some(app.cache.get(&key).await.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
        } else {
            None
        };
        let counting = match (&edge, &known) {
            (Some(_), _) => Counting::Never,
            (None, Some(known)) => Counting::Unless(known),
            (None, None) => Counting::Always,
        };
        let sql = plan.walk("", counting, &mut params);
        let rows = db.read_planned(scope, &sql, &params.refs()).await?;
        if let (Some(known), Some(row)) = (known, rows.first()) {
            let (total, seq) = (
                row.try_get(total_column(query.sort)).map_err(DbError::from)?,
                row.try_get(total_column(query.sort) + 1).map_err(DbError::from)?,
            );
            if known.seq != seq {
                app.cache.set(&key, serde_json::to_vec(&Counted { seq, total }).unwrap_or_default(), COUNT_TTL).await;
            }
        }
        rows
    } else {
        let search = search_words(&query.q, &mut params);
        let (sql, seen) = (plan.collect(&search, &mut params), params);
        let found = db.read_planned(scope, &sql, &seen.refs()).await?;
        let frequent = found.first().map(|row| row.try_get::<_, i64>(total_column(query.sort))).transpose().map_err(DbError::from)?;
        if frequent.is_some_and(|n| n > COUNT_LIMIT) {
            return frequent_word(db, scope, query, now, edge.as_ref()).await;
        }
        // One row without a lead tells the total of an empty page.
        found.into_iter().filter(|row| row.try_get::<_, Option<LeadId>>(0).is_ok_and(|id| id.is_some())).collect()
    };
    page(&rows, query, edge.as_ref(), None).map_err(Problem::from)
}

/// The words occur so often that walking along the sort finds a page at once. The expression keeps
/// the planner from the trigram index, which would bring them all.
async fn frequent_word(db: &Db, scope: &Scope, query: &ListQuery, now: Timestamp, edge: Option<&Edge>) -> Result<Page<Lead>, Problem> {
    let mut params = Params::default();
    let org_param = format!("{}::uuid", params.push(scope.org()));
    let condition = query.filter.to_sql(&mut params, now);
    let search = search_words(&query.q, &mut params).replace("l.search LIKE", "(l.search || '') LIKE");
    let plan = Plan { org: org_param, sort: query.sort, edge, limit: query.limit, condition };
    let sql = plan.walk(&format!(" AND {search}"), Counting::Never, &mut params);
    let rows = db.read_planned(scope, &sql, &params.refs()).await?;
    page(&rows, query, edge, Some(Total { value: COUNT_LIMIT, exact: false })).map_err(Problem::from)
}

/// The keys of a cursor are cast by PostgreSQL, where a malformed one would be our error instead of the caller's.
fn plausible(edge: &Edge, sort: Sort) -> bool {
    sort.key.columns().iter().zip(&edge.k).all(|((_, kind), key)| match *kind {
        "int" => key.parse::<i32>().is_ok(),
        "timestamptz" => key == "-infinity" || key.replacen(' ', "T", 1).parse::<Timestamp>().is_ok(),
        _ => !key.contains('\0'),
    })
}

const fn total_column(sort: Sort) -> usize {
    LEAD_COLUMNS + sort.key.columns().len()
}

fn page(rows: &[Row], query: &ListQuery, edge: Option<&Edge>, known: Option<Total>) -> Result<Page<Lead>, DbError> {
    let keys = query.sort.key.columns().len();
    let counted = rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(total_column(query.sort)))?;
    let total = match (known, edge) {
        (Some(total), _) => total,
        (None, Some(edge)) => Total { value: edge.t.saturating_abs(), exact: edge.t >= 0 },
        (None, None) => Total { value: counted.min(COUNT_LIMIT), exact: counted <= COUNT_LIMIT },
    };
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    let backwards = edge.is_some_and(|edge| edge.b);
    let mut kept: Vec<&Row> = rows.iter().take(limit).collect();
    if backwards {
        kept.reverse();
    }
    let cursor = |row: Option<&&Row>, back: bool| -> Result<Option<String>, DbError> {
        let Some(row) = row else { return Ok(None) };
        let k = (0..keys).map(|n| row.try_get(LEAD_COLUMNS + n)).collect::<Result<Vec<String>, _>>()?;
        let t = if total.exact { total.value } else { -total.value };
        Ok(Some(Cursor::encode(&Edge { s: query.sort.to_string(), k, i: row.try_get(0)?, b: back, t })))
    };
    let (has_previous, has_next) = if backwards { (more, true) } else { (edge.is_some(), more) };
    Ok(Page {
        previous: if has_previous { cursor(kept.first(), true)? } else { None },
        next: if has_next { cursor(kept.last(), false)? } else { None },
        rows: kept.into_iter().map(lead).collect::<Result<_, _>>()?,
        total,
    })
}

/// How many leads are meant, exact up to `limit`.
pub async fn count(db: &Db, scope: &Scope, filter: &Filter, q: &str, limit: i64, now: Timestamp) -> Result<Total, DbError> {
    let mut params = Params::default();
    let org_param = params.push(scope.org());
    let condition = filter.to_sql(&mut params, now);
    let search = search_words(q, &mut params);
    let sql = format!(
        "SELECT count(*) FROM (SELECT FROM lead_rows l WHERE l.org_id = {org_param} AND {condition} AND {search} LIMIT {}) c",
        limit + 1
    );
    let rows = db.read_planned(scope, &sql, &params.refs()).await?;
    let found: i64 = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(Total { value: found.min(limit), exact: found <= limit })
}

/// Whether the organisation has any lead at all.
pub async fn any(db: &Db, scope: &Scope) -> Result<bool, DbError> {
    let rows = db.read(scope, "SELECT FROM leads WHERE org_id = $1 LIMIT 1", &[&scope.org()]).await?;
    Ok(!rows.is_empty())
}
