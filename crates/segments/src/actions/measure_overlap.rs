use db::TenantTx;
use http_kit::App;
use jiff::Timestamp;
use jobs::{JobId, Options};
use kernel::{SegmentId, UserId};

use super::SegmentError;
use crate::{jobs::MeasureOverlap, model::Overlap, population::Population, store};

/// Leads of one side that a request looks at.
pub(crate) const AT_ONCE: i64 = 100_000;

/// What two segments share, if neither has more than [`AT_ONCE`] leads.
pub(crate) async fn overlap_now(app: &App, tx: &TenantTx, [a, b]: [SegmentId; 2], now: Timestamp) -> Result<Option<Overlap>, SegmentError> {
    let [a, b] = both(tx, [a, b]).await?;
    Ok(store::overlap::bounded(&app.db, tx.scope(), [&a, &b], AT_ONCE, now).await?)
}

/// Has a job find it out, in the scope of whoever asks.
pub(crate) async fn overlap_later(tx: &TenantTx, [a, b]: [SegmentId; 2], asked_by: UserId) -> Result<JobId, SegmentError> {
    both(tx, [a, b]).await?;
    let started = jobs::enqueue(tx, &MeasureOverlap { a, b, asked_by }, Options::default()).await?;
    Ok(started.ok_or_else(|| db::DbError::Config("a job without a unique key was refused".to_owned()))?)
}

async fn both(tx: &TenantTx, [a, b]: [SegmentId; 2]) -> Result<[Population; 2], SegmentError> {
    let a = Population::of(tx, a).await?.ok_or(SegmentError::NotFound)?;
    Ok([a, Population::of(tx, b).await?.ok_or(SegmentError::NotFound)?])
}
