//! One page. The rows are found first, in an index alone where it holds what is asked for, and only those shown are read.

use db::{DbError, Path, Row, Scope};
use http_kit::{App, Problem, Total};
use jiff::Timestamp;
use kernel::LeadId;

use super::{
    super::{LEAD, LEAD_COLUMNS, LEAN_LEAD, lead},
    COUNT_LIMIT, ListQuery, Page, blame,
    count::{bounded, total},
    edge::{Edge, Order},
    first_look::{FirstLook, names_few},
    sort::SortKey,
};
use crate::{
    custom_fields::{self, Field, IndexState, SortedField},
    filter::Params,
    model::Lead,
    search::{self, Narrowing, Way},
};

/// Leads to read from the table, from which on meeting a page of them along the sort is sooner than collecting them all.
const MANY: i64 = 3_000;

/// How many leads a walk passes in the time that collecting one takes, where the index of the sort holds the searched text.
const PASSED_IN_INDEX: i64 = 4;

/// Indexed fields of an organisation from which on sorting by another makes no more of them: half of what there may be.
const MOST_INDEXED_BY_ORDERS: usize = 10;

/// A statement for one page of one query.
pub(super) struct Statement<'a> {
    pub(super) query: &'a ListQuery,
    pub(super) order: Order<'a>,
    pub(super) org: String,
    /// The filter.
    pub(super) condition: String,
    pub(super) params: Params,
}

/// Rows of a page, one more than it holds if there is another, and the total if finding them has told it.
struct Found {
    rows: Vec<Row>,
    total: Option<Total>,
}

/// A statement that is to travel with the page's own, and its rows if it did: a page that finds its leads otherwise leaves it.
#[derive(Default)]
pub(crate) struct Beside<'a> {
    pub(crate) statement: Option<(&'a str, db::Params<'a>)>,
    pub(crate) rows: Option<Vec<Row>>,
}

/// One page of leads.
pub async fn list(app: &App, scope: &Scope, query: &ListQuery) -> Result<Page<Lead>, Problem> {
    list_beside(app, scope, query, &mut Beside::default()).await
}

/// The same, with something else asked in the same round trip.
pub(crate) async fn list_beside(app: &App, scope: &Scope, query: &ListQuery, beside: &mut Beside<'_>) -> Result<Page<Lead>, Problem> {
    let query = &query.searching();
    let field = match query.sort.key {
        SortKey::Custom(field) => Some(sorted_by(app, scope, query, field).await?),
        _ => None,
    };
    let edge = Edge::decode(query.cursor.as_deref(), query.sort)?;
    let order = Order { sort: query.sort, edge: edge.as_ref() };
    let found = if query.q.trim().is_empty() {
        let rows = match field.filter(|field| is_along_values(scope, query, field)) {
            Some(field) => read(app, scope, Statement::new(scope, query, order, app.clock.now()).by_value(&field)).await,
            None => all(app, scope, query, order, beside).await,
        };
        Found { rows: rows.map_err(blame)?, total: None }
    } else {
        search(app, scope, query, order).await.map_err(blame)?
    };
    let known = edge.as_ref().map_or(found.total, Edge::total);
    let total = match known {
        None if edge.is_none() && whole(&found.rows, query) => Some(bounded(rows_in(&found.rows), COUNT_LIMIT)),
        None if edge.is_none() && query.count => Some(total(app, scope, &query.filter, &query.q).await.map_err(blame)?),
        known => known,
    };
    page(&found.rows, query, edge.as_ref(), total).map_err(Problem::from)
}

/// The field that a list is sorted by. Where its index would be of use it has one from now on, unless there are many already: a look at a
/// list should not take the last from a filter.
pub(super) async fn sorted_by(app: &App, scope: &Scope, query: &ListQuery, sorted: SortedField) -> Result<Field, Problem> {
    let registry = custom_fields::read(&app.db, scope).await?;
    let field = sorted.of(&registry)?.clone();
    let indexed = registry.iter().filter(|field| field.index != IndexState::None).count();
    if query.q.trim().is_empty() && indexed < MOST_INDEXED_BY_ORDERS {
        custom_fields::used(app, scope, &registry, std::slice::from_ref(&field.key)).await?;
    }
    Ok(field)
}

/// Whether walking along the values of the field finds a page soon: not if few leads are meant, or few are visible.
pub(super) fn is_along_values(scope: &Scope, query: &ListQuery, field: &Field) -> bool {
    field.indexed && scope.sees_everything() && !query.filter.parts().iter().any(names_few)
}

fn rows_in(rows: &[Row]) -> i64 {
    i64::try_from(rows.len()).unwrap_or(i64::MAX)
}

/// Whether a first page holds all there are.
fn whole(rows: &[Row], query: &ListQuery) -> bool {
    rows_in(rows) <= query.limit
}

async fn read(app: &App, scope: &Scope, (sql, params): (String, Params)) -> Result<Vec<Row>, DbError> {
    app.db.read_planned(scope, &sql, &params.refs()).await
}

/// A page of a filter alone: looked for where it mostly is, and planned for if it is not there.
async fn all(app: &App, scope: &Scope, query: &ListQuery, order: Order<'_>, beside: &mut Beside<'_>) -> Result<Vec<Row>, DbError> {
    if let Some((statement, is_whole)) = Statement::first_look(scope, query, order, app.clock.now()) {
        let (sql, params) = statement;
        let (rows, others) = app.db.read_by(Path::Order, scope, (&sql, &params.refs()), beside.statement).await?;
        beside.rows = beside.statement.map(|_| others);
        if is_whole || !whole(&rows, query) {
            return Ok(rows);
        }
    }
    read(app, scope, Statement::new(scope, query, order, app.clock.now()).all()).await
}

/// How many leads a walk should pass before it gives up: it takes as long as collecting would, so both together are at most
/// twice as long as the shorter. None where no index has the order, or where a walk is not worth a try.
pub(super) fn steps(query: &ListQuery, narrowing: Option<&Narrowing>) -> Option<i64> {
    let to_read = narrowing.map_or(COUNT_LIMIT, |narrowing| narrowing.to_read(COUNT_LIMIT));
    let is_in_index = query.sort.key.covers_search() && query.filter.is_empty();
    (query.sort.key.is_indexed() && to_read > MANY).then(|| to_read.saturating_mul(if is_in_index { PASSED_IN_INDEX } else { 1 }))
}

/// A page of a search, by whichever way is short: rare words are collected and sorted, frequent ones met while walking along the sort.
async fn search(app: &App, scope: &Scope, query: &ListQuery, order: Order<'_>) -> Result<Found, DbError> {
    let statement = || Statement::new(scope, query, order, app.clock.now());
    let narrowing = match search::way(&app.db, scope, &search::words(&query.q)).await? {
        Way::Nowhere => return Ok(Found { rows: Vec::new(), total: Some(bounded(0, COUNT_LIMIT)) }),
        Way::Index(narrowing) => Some(narrowing),
        Way::Everywhere => None,
    };
    if let Some(steps) = steps(query, narrowing.as_ref()) {
        let rows = walk(app, scope, query, statement().walk(Some(steps))).await?;
        if !whole(&rows, query) {
            return Ok(Found { rows, total: None });
        }
    }
    if let Some(narrowing) = narrowing {
        let (sql, params) = statement().collect(&narrowing);
        let (mut rows, _) = app.db.read_by(Path::Collection, scope, (&sql, &params.refs()), None).await?;
        // A row without a lead tells the total of an empty page.
        let counted: i64 = rows.first().map_or(Ok(0), |row| row.try_get(LEAD_COLUMNS + order.keys().len()))?;
        if counted <= COUNT_LIMIT {
            rows.retain(|row| row.try_get::<_, Option<LeadId>>(0).is_ok_and(|id| id.is_some()));
            return Ok(Found { rows, total: Some(bounded(counted, COUNT_LIMIT)) });
        }
    }
    Ok(Found { rows: walk(app, scope, query, statement().walk(None)).await?, total: None })
}

async fn walk(app: &App, scope: &Scope, query: &ListQuery, (sql, params): (String, Params)) -> Result<Vec<Row>, DbError> {
    // A filter besides may have a better way than along the sort.
    if !(query.filter.is_empty() && scope.sees_everything()) {
        return read(app, scope, (sql, params)).await;
    }
    Ok(app.db.read_by(Path::Order, scope, (&sql, &params.refs()), None).await?.0)
}

impl<'a> Statement<'a> {
    pub(super) fn new(scope: &Scope, query: &'a ListQuery, order: Order<'a>, now: Timestamp) -> Self {
        let mut params = Params::default();
        let org = format!("{}::uuid", params.push(scope.org()));
        let condition = query.filter.to_sql(&mut params, now);
        Self { query, order, org, condition, params }
    }

    /// The page of a filter alone, if it is among the first leads of its sort; or whether it is or not. Not for whoever sees some
    /// leads only: theirs may be few.
    pub(super) fn first_look(scope: &Scope, query: &'a ListQuery, order: Order<'a>, now: Timestamp) -> Option<((String, Params), bool)> {
        let look = FirstLook::at(&query.filter, query.sort.key).filter(|_| scope.sees_everything())?;
        let Some(steps) = look.steps else { return Some((Self::new(scope, query, order, now).all(), true)) };
        let mut params = Params::default();
        let org = format!("{}::uuid", params.push(scope.org()));
        let (along, rest) = (look.along.to_sql(&mut params, now), look.rest.to_sql(&mut params, now));
        let keys = order.keys();
        let beyond = order.beyond(&keys, "l.id", &mut params);
        let named = order.named("l");
        let page = format!(
            "SELECT l.id, {} FROM (SELECT l.*, {} FROM lead_rows l WHERE l.org_id = {org} AND {along}{beyond} ORDER BY {} LIMIT {steps}) l
             WHERE {rest} ORDER BY {} LIMIT {}",
            named.join(", "),
            order.carried(),
            order.by(&keys, "l.id"),
            order.by(&named, "l.id"),
            query.limit + 1
        );
        Some((Self { query, order, org, condition: String::new(), params }.shown(&page), false))
    }

    /// The page of a filter alone.
    pub(super) fn all(mut self) -> (String, Params) {
        let (keys, order) = (self.order.keys(), self.order);
        let beyond = order.beyond(&keys, "l.id", &mut self.params);
        let page = format!(
            "SELECT l.id, {} FROM lead_rows l WHERE l.org_id = {} AND {}{beyond} ORDER BY {} LIMIT {}",
            order.carried(),
            self.org,
            self.condition,
            order.by(&keys, "l.id"),
            self.query.limit + 1
        );
        self.shown(&page)
    }

    /// Walks along the sort and looks at the text of each lead on the way; of `steps` leads at most.
    pub(super) fn walk(mut self, steps: Option<i64>) -> (String, Params) {
        let (keys, order) = (self.order.keys(), self.order);
        let beyond = order.beyond(&keys, "l.id", &mut self.params);
        let search = search::condition(&self.query.q, &mut self.params);
        let named = order.named("l");
        let page = format!(
            "SELECT l.id, {} FROM (SELECT l.id, {}, l.search FROM lead_rows l WHERE l.org_id = {} AND {}{beyond} ORDER BY {}{}) l
             WHERE {search} ORDER BY {} LIMIT {}",
            named.join(", "),
            order.carried(),
            self.org,
            self.condition,
            order.by(&keys, "l.id"),
            steps.map_or_else(|| " OFFSET 0".to_owned(), |steps| format!(" LIMIT {}::bigint", self.params.push(steps))),
            order.by(&named, "l.id"),
            self.query.limit + 1
        );
        self.shown(&page)
    }

    /// Collects what the index of terms finds, counts it, and sorts it if it is not too much.
    pub(super) fn collect(mut self, narrowing: &Narrowing) -> (String, Params) {
        let order = self.order;
        let narrow = narrowing.sql(&self.org, &mut self.params);
        let search = search::condition(&self.query.q, &mut self.params);
        let named = order.named("h");
        let beyond = order.beyond(&named, "h.id", &mut self.params);
        let texts: Vec<String> = order.named("page").iter().map(|key| format!("{key}::text")).collect();
        let sql = format!(
            "WITH hit AS MATERIALIZED (SELECT l.id, {} FROM lead_hits l WHERE {narrow} AND {} AND {search} LIMIT {}),
                  total AS MATERIALIZED (SELECT count(*) AS n FROM hit),
                  page AS MATERIALIZED (SELECT h.* FROM hit h, total WHERE total.n <= {COUNT_LIMIT}{beyond} ORDER BY {} LIMIT {})
             SELECT {}, {}, total.n FROM total LEFT JOIN (page JOIN lead_rows l ON l.id = page.id AND l.org_id = {}) ON true ORDER BY {}",
            order.carried(),
            self.condition,
            COUNT_LIMIT + 1,
            order.by(&named, "h.id"),
            self.query.limit + 1,
            self.columns(),
            texts.join(", "),
            self.org,
            order.by(&order.named("page"), "page.id"),
        );
        (sql, self.params)
    }

    const fn columns(&self) -> &'static str {
        if self.query.lean { LEAN_LEAD } else { LEAD }
    }

    /// Reads the rows that `page` has found.
    pub(super) fn shown(self, page: &str) -> (String, Params) {
        let order = self.order;
        let named = order.named("page");
        let texts: Vec<String> = named.iter().map(|key| format!("{key}::text")).collect();
        let sql = format!(
            "WITH page AS MATERIALIZED ({page})
             SELECT {}, {} FROM page JOIN lead_rows l ON l.org_id = {} AND l.id = page.id ORDER BY {}",
            self.columns(),
            texts.join(", "),
            self.org,
            order.by(&named, "page.id")
        );
        (sql, self.params)
    }
}

fn page(rows: &[Row], query: &ListQuery, edge: Option<&Edge>, total: Option<Total>) -> Result<Page<Lead>, DbError> {
    let keys = Order { sort: query.sort, edge }.keys().len();
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    let backwards = edge.is_some_and(Edge::backwards);
    let mut kept: Vec<&Row> = rows.iter().take(limit).collect();
    if backwards {
        kept.reverse();
    }
    let cursor = |row: Option<&&Row>, back: bool| -> Result<Option<String>, DbError> {
        let Some(row) = row else { return Ok(None) };
        let k = (0..keys).map(|at| row.try_get(LEAD_COLUMNS + at)).collect::<Result<Vec<String>, _>>()?;
        Ok(Some(Edge::encode(query.sort, k, row.try_get(0)?, back, total)))
    };
    let (has_previous, has_next) = if backwards { (more, true) } else { (edge.is_some(), more) };
    Ok(Page {
        previous: if has_previous { cursor(kept.first(), true)? } else { None },
        next: if has_next { cursor(kept.last(), false)? } else { None },
        rows: kept.into_iter().map(lead).collect::<Result<_, _>>()?,
        total,
    })
}
