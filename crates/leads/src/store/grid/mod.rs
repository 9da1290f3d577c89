//! Pages of leads: filtered, searched, sorted, by keyset.

mod by_value;
mod count;
mod edge;
mod explain;
mod first_look;
mod list;
mod sort;

pub use count::count;
pub(crate) use count::counting;
use db::{Db, DbError, Scope};
pub use explain::explain;
use http_kit::{Problem, ProblemKind, Total};
pub use list::list;
pub(crate) use list::{Beside, list_beside};
pub use sort::{Sort, SortKey};

use crate::filter::Filter;

/// Totals are exact up to here; counting further would cost more than it tells.
pub const COUNT_LIMIT: i64 = 10_000;

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
    /// Whether the first page tells how many there are, which may cost far more than the page.
    pub count: bool,
    /// Leaves custom values and the reasons of scores out: they are empty in the answer.
    pub lean: bool,
}

impl ListQuery {
    /// The same with what its filter searches among its words, where an index answers.
    pub(crate) fn searching(&self) -> Self {
        let (filter, q) = self.filter.searches_apart(&self.q);
        Self { filter, q, ..self.clone() }
    }
}

/// A page of a list, with the way to its neighbours.
#[derive(Debug, Clone)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub previous: Option<String>,
    pub next: Option<String>,
    /// As of the first page, if it was counted: later pages carry it along instead of counting again.
    pub total: Option<Total>,
}

/// What PostgreSQL answers when a statement has used up its time.
const CANCELLED: &str = "57014";

/// A list that takes too long is not our failure, and whoever asked can do something about it.
fn blame(error: DbError) -> Problem {
    if error.sqlstate() == Some(CANCELLED) {
        return Problem::new(
            ProblemKind::Unavailable,
            "These leads take too long to find and sort. Narrow the filter, or sort by score, name, company, employees, creation or last activity.",
        );
    }
    error.into()
}

/// Whether the organisation has any lead at all.
pub async fn any(db: &Db, scope: &Scope) -> Result<bool, DbError> {
    let rows = db.read(scope, "SELECT FROM leads WHERE org_id = $1 LIMIT 1", &[&scope.org()]).await?;
    Ok(!rows.is_empty())
}
