use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, SegmentId};
use serde_json::json;

use super::{SegmentError, tell};
use crate::store;

/// Uses that a refusal looks at.
const NAMED: i64 = 4;

/// Deletes a segment for good, not its leads. Refused while something is built on it.
pub(crate) async fn delete_segment(tx: &TenantTx, id: SegmentId, by: Actor, now: Timestamp) -> Result<(), SegmentError> {
    let segment = store::segments::lock(tx, id).await?.ok_or(SegmentError::NotFound)?;
    let uses = store::uses::list(tx, id, NAMED).await?;
    if !uses.is_empty() {
        return Err(SegmentError::Used(uses));
    }
    store::uses::release(tx, id).await?;
    store::segments::delete(tx, id).await?;
    tell(tx, "segment.deleted", id, by, now, json!({ "name": segment.name })).await?;
    Ok(())
}
