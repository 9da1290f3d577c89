//! Tags: which there are, how many leads have each, and giving one another name or taking it away everywhere.
//!
//! Owns `lead_tags`, which holds nothing but counts: a tag is there because leads have it. Renaming, merging (renaming to a tag that is
//! there) and deleting are bulk changes like any other, so they run in the background where they are large, and can be undone.

mod api;
mod jobs;
mod pages;
mod store;

pub(crate) use api::api;
pub(crate) use jobs::CountTags;
pub(crate) use pages::pages;

use ::jobs::Options;
use http_kit::App;
use identity::Viewer;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// Leads up to which tags are counted while somebody waits.
const AT_ONCE: i64 = 5_000;
/// How many tags a list holds; of more, the most frequent.
const MOST: i64 = 1_000;
/// How old a count may be before it is made anew, in seconds.
const FRESH: i64 = 60;

/// A tag, and how many leads have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Tag {
    tag: String,
    leads: i64,
}

/// Tags as a list shows them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Tags {
    /// In the order of the alphabet; at most 1,000.
    data: Vec<Tag>,
    /// Whether all leads were counted, and not only the 5,000 newest.
    complete: bool,
    /// As of when; a large organisation's tags are counted in the background.
    #[schema(value_type = String, format = DateTime)]
    counted_at: Timestamp,
}

/// The tags of the leads that the person may see: counted at once where there are few leads, else as of the last count.
async fn list(app: &App, viewer: &Viewer) -> Result<Tags, db::DbError> {
    let (scope, now) = (&viewer.scope, app.clock.now());
    let (looked_at, newest) = store::of_newest(&app.db, scope).await?;
    let complete = looked_at <= AT_ONCE;
    let newest = Tags { data: newest, complete, counted_at: now };
    // The count is the organisation's, and who sees some leads only is told of those.
    if complete || !scope.sees_everything() {
        return Ok(newest);
    }
    let counted = store::counted(&app.db, scope).await?;
    let is_fresh = counted.as_ref().is_some_and(|tags| tags.counted_at > now - SignedDuration::from_secs(FRESH));
    if !is_fresh {
        let tx = app.db.tenant(scope).await?;
        CountTags::enqueue(&tx).await?;
        tx.commit().await?;
    }
    Ok(counted.unwrap_or(newest))
}

impl CountTags {
    /// Counts soon, once however often it is asked for.
    async fn enqueue(tx: &db::TenantTx) -> Result<(), db::DbError> {
        ::jobs::enqueue(tx, &Self {}, Options::unique(tx.org().to_string())).await.map(|_| ())
    }
}
