//! What lists have in common.

use http_kit::{Problem, Total};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::store::grid::Page;

/// How many rows a page has unless asked otherwise.
const USUAL: i64 = 50;
/// How many it may have.
const MOST: i64 = 200;

/// The query of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct ListParams {
    /// The filter language, as text (`country is US and score >= 60`) or as JSON.
    #[param(value_type = Option<String>)]
    pub(super) filter: String,
    /// Words that must all occur in name, e-mail, company or title.
    #[param(value_type = Option<String>)]
    pub(super) q: String,
    /// `score`, `created_at`, `updated_at`, `name`, `title`, `company`, `industry`, `employees`, `country`, `status`, `last_activity` or `custom.KEY` for a custom field, with `-` before it for descending.
    #[param(value_type = Option<String>, example = "-score")]
    pub(super) sort: String,
    /// Rows on a page: 1 to 200, usually 50.
    pub(super) limit: Option<i64>,
    /// `next_cursor` of the answer before, with the same other parameters.
    pub(super) cursor: Option<String>,
    /// `false` leaves `total` out, which may cost more than the page.
    pub(super) total: Option<bool>,
    /// `true` adds `close_matches` to the answer: leads that are spelt nearly as `q` is.
    #[param(value_type = Option<bool>)]
    pub(super) close: bool,
}

/// A page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Envelope<T> {
    pub(super) data: Vec<T>,
    /// Where the next page begins; `null` on the last one.
    pub(super) next_cursor: Option<String>,
    /// As of the first page; `null` if it was not wanted.
    pub(super) total: Option<Total>,
}

impl<T> From<Page<T>> for Envelope<T> {
    fn from(page: Page<T>) -> Self {
        Self { data: page.rows, next_cursor: page.next, total: page.total }
    }
}

/// The limit to use.
pub(crate) fn limit(asked: Option<i64>) -> Result<i64, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::field("/limit", "limit.out_of_range", format!("A page has 1 to {MOST} rows"))),
    }
}
