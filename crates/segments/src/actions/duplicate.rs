use db::TenantTx;
use jiff::Timestamp;
use kernel::{Actor, SegmentId};
use serde_json::json;

use super::{SegmentError, measure, tell, tell_uses, user_of};
use crate::{
    model::Kind,
    store::{self, segments::Content},
};

/// Members that a request copies.
const MOST_COPIED: i64 = 100_000;

/// Makes another segment of the same filter, or with the same members, under a free name.
pub(crate) async fn duplicate_segment(
    app: &http_kit::App,
    tx: &TenantTx,
    id: SegmentId,
    by: Actor,
    now: Timestamp,
) -> Result<SegmentId, SegmentError> {
    let original = store::segments::get(tx, id).await?.ok_or(SegmentError::NotFound)?;
    let copy = SegmentId::new();
    let content = Content {
        name: store::segments::free_name(tx, &format!("Copy of {}", original.name)).await?,
        description: original.description.clone(),
        filter: original.filter.clone(),
        owner_id: user_of(by),
        archived_at: None,
    };
    store::segments::insert(tx, copy, original.kind, &content, now).await?;
    tell_uses(tx, copy, &content).await?;
    if original.kind == Kind::Fixed {
        if !store::members::count(&app.db, tx.scope(), id, MOST_COPIED).await?.exact {
            return Err(SegmentError::Kind(
                "This segment has more than 100,000 members, too many to copy at once. Put them into a new one by the filter that found them.",
            ));
        }
        store::members::copy(tx, id, copy, now).await?;
    }
    tell(tx, "segment.created", copy, by, now, json!({ "name": content.name, "kind": original.kind, "copy_of": id })).await?;
    measure(tx, copy).await?;
    Ok(copy)
}
