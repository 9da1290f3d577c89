//! The vocabulary's upkeep: how frequent its terms are, and away with those that no lead has any more.

use db::{DbError, Scope};
use http_kit::App;
use jobs::{Failure, Job, Outcome, Run};
use kernel::OrgId;
use serde::{Deserialize, Serialize};

/// New terms in a vocabulary from which on it is counted again.
const MANY_NEW: i64 = 500;

/// Counts the vocabularies that have grown.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CountTerms {}

impl Job for CountTerms {
    const KIND: &'static str = "leads.count_terms";
    type State = App;

    async fn run(self, cx: Run<App>) -> Result<Outcome, Failure> {
        let db = &cx.state.db;
        let grown =
            db.read_system("SELECT org_id FROM lead_terms WHERE leads = 0 GROUP BY org_id HAVING count(*) >= $1", &[&MANY_NEW]).await?;
        for row in grown {
            let org: OrgId = row.try_get(0).map_err(DbError::from)?;
            if cx.should_stop().await? {
                return Ok(Outcome::Stopped);
            }
            count_terms(&cx.state, org).await?;
        }
        Ok(Outcome::Done)
    }
}

/// Counts one vocabulary. A term that no lead has is marked first and deleted the next time, an hour later: a lead that was being
/// written meanwhile has found it there, and need not have added it. Whoever comes later adds a marked one anew.
pub(crate) async fn count_terms(app: &App, org: OrgId) -> Result<(), DbError> {
    let tx = app.db.tenant(&Scope::whole(org)).await?;
    tx.execute(
        "WITH counted AS MATERIALIZED (
           SELECT key, count(*)::int AS n FROM leads l CROSS JOIN unnest(leadline_search_keys(l.org_id, l.search)) key
           WHERE l.org_id = $1 GROUP BY key),
         gone AS (DELETE FROM lead_terms t WHERE t.org_id = $1 AND t.leads = -1 AND NOT EXISTS (SELECT FROM counted c WHERE c.key = t.key))
         UPDATE lead_terms t SET leads = coalesce(c.n, -1)
         FROM lead_terms o LEFT JOIN counted c ON c.key = o.key
         WHERE o.org_id = $1 AND t.org_id = $1 AND t.company = o.company AND t.term = o.term AND t.writer = o.writer
           AND CASE WHEN c.n IS NULL THEN o.leads >= 0 ELSE o.leads <= 0 OR abs(o.leads - c.n) * 5 > c.n END",
        &[&tx.org()],
    )
    .await?;
    tx.commit().await
}
