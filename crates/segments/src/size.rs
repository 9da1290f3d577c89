//! How large a segment is for whoever looks.

use db::{DbError, Scope};
use http_kit::{App, Total};
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

use crate::{population::Population, store};

/// How far a request counts.
const COUNTED_TO: i64 = 10_000;

/// How many leads are found in it now by whoever has this scope, counted to 10,000.
pub(crate) async fn now(app: &App, scope: &Scope, population: &Population) -> Result<Total, DbError> {
    match population {
        Population::Matching(filter) => leads::count(&app.db, scope, filter, "", COUNTED_TO, app.clock.now()).await,
        Population::Members(id) => store::members::count(&app.db, scope, *id, COUNTED_TO).await,
    }
}

/// The day (UTC) so many days ago.
pub(crate) fn days_ago(now: Timestamp, days: i64) -> Date {
    now.to_zoned(TimeZone::UTC).date().saturating_sub(days.days())
}
