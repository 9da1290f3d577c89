//! What filters know of segments.

use db::{DbError, TenantTx};
use kernel::{SegmentId, ViewId};
use leads::{
    Filter,
    filter::{Condition, FilterError, KnownSegments, SegmentKey, SegmentTest},
    ports::{Answer, SegmentCheck, Segments},
};

use crate::store;

/// Tells filters of our segments.
#[derive(Debug)]
struct OurSegments;

/// The application's knowledge of segments, for its extensions.
pub fn known() -> Segments {
    Segments::new(OurSegments)
}

impl SegmentCheck for OurSegments {
    fn choices<'a>(&'a self, tx: &'a TenantTx, named: &'a [SegmentId]) -> Answer<'a, Vec<(SegmentId, String)>> {
        Box::pin(store::known::offered(tx, named))
    }

    fn reachable<'a>(&'a self, tx: &'a TenantTx, ids: &'a [SegmentId]) -> Answer<'a, KnownSegments> {
        Box::pin(store::known::reachable(tx, ids))
    }

    fn used_by_view<'a>(&'a self, tx: &'a TenantTx, view: ViewId, name: &'a str, segments: &'a [SegmentId]) -> Answer<'a, ()> {
        Box::pin(async move { store::uses::use_segments(tx, segments, view, name, &format!("/leads?view={view}")).await })
    }
}

/// The segments that a filter names, and those that their filters name.
pub async fn named_in(tx: &TenantTx, filter: &Filter) -> Result<KnownSegments, DbError> {
    store::known::reachable(tx, &filter.segments()).await
}

/// A filter that was kept, as it can be used now; or why it cannot.
pub(crate) async fn looked_up(tx: &TenantTx, filter: Filter) -> Result<Result<Filter, FilterError>, DbError> {
    let segments = named_in(tx, &filter).await?;
    Ok(filter.looked_up(&segments))
}

/// The filter of whoever is in a segment.
pub(crate) fn who_is_in(id: SegmentId) -> Filter {
    Filter::default().and(Condition::Segment(SegmentTest::In(vec![SegmentKey::new(id)])))
}
