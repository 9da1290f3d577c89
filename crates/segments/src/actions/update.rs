use db::TenantTx;
use http_kit::{App, FieldError};
use jiff::Timestamp;
use kernel::{Actor, SegmentId};
use serde_json::json;

use super::{SegmentError, checked, measure, tell, tell_uses};
use crate::{
    known::{looked_up, who_is_in},
    model::{Kind, Segment, SegmentChange, clean_description, clean_name},
    store::{self, segments::Content},
};

/// Segments made of the changed one that are looked at.
const MOST_OTHERS: i64 = 200;

/// Changes a segment; into the archive and back are changes, too. With `expected`, only if that is still its version.
pub(crate) async fn update_segment(
    app: &App,
    tx: &TenantTx,
    id: SegmentId,
    change: SegmentChange,
    expected: Option<i32>,
    by: Actor,
    now: Timestamp,
) -> Result<Segment, SegmentError> {
    if change.filter.is_some() {
        store::segments::lock_filters(tx).await?;
    }
    let before = store::segments::lock(tx, id).await?.ok_or(SegmentError::NotFound)?;
    if expected.is_some_and(|version| version != before.version) {
        return Err(SegmentError::Changed);
    }
    if before.kind == Kind::Fixed && change.filter.is_some() {
        let why = "A fixed segment has no filter: put leads in or take them out, or make a dynamic segment";
        return Err(SegmentError::Invalid(FieldError::new("/filter", "filter.fixed", why)));
    }
    let filter = match &change.filter {
        Some(filter) => Some(checked(app, tx, filter, Some(id)).await?),
        None => None,
    };
    let was = Content {
        name: before.name.clone(),
        description: before.description.clone(),
        filter: before.filter.clone(),
        owner_id: before.owner_id,
        archived_at: before.archived_at,
    };
    let becomes = Content {
        name: change.name.map_or_else(|| Ok(was.name.clone()), |name| clean_name(&name)).map_err(SegmentError::Invalid)?,
        description: change
            .description
            .map_or_else(|| Ok(was.description.clone()), |text| clean_description(&text))
            .map_err(SegmentError::Invalid)?,
        filter: filter.or_else(|| was.filter.clone()),
        owner_id: change.owner_id.unwrap_or(was.owner_id),
        archived_at: match change.archived {
            Some(true) => was.archived_at.or(Some(now)),
            Some(false) => None,
            None => was.archived_at,
        },
    };
    if becomes == was {
        return Ok(before);
    }
    store::segments::update(tx, id, &becomes, now).await?;
    if was.name != becomes.name || was.filter != becomes.filter {
        tell_uses(tx, id, &becomes).await?;
    }
    if was.filter != becomes.filter {
        keep_others(tx, id).await?;
    }
    let fields: Vec<&str> = [
        ("name", was.name != becomes.name),
        ("description", was.description != becomes.description),
        ("filter", was.filter != becomes.filter),
        ("owner", was.owner_id != becomes.owner_id),
    ]
    .into_iter()
    .filter_map(|(name, changed)| changed.then_some(name))
    .collect();
    if !fields.is_empty() {
        tell(tx, "segment.updated", id, by, now, json!({ "name": becomes.name, "fields": fields })).await?;
    }
    match (was.archived_at, becomes.archived_at) {
        (None, Some(_)) => tell(tx, "segment.archived", id, by, now, json!({ "name": becomes.name })).await?,
        (Some(_), None) => tell(tx, "segment.restored", id, by, now, json!({ "name": becomes.name })).await?,
        _ => {}
    }
    if was.filter != becomes.filter || (was.archived_at.is_some() && becomes.archived_at.is_none()) {
        measure(tx, id).await?;
    }
    store::segments::get(tx, id).await?.ok_or(SegmentError::NotFound)
}

/// Segments that are made of the changed one must go on; their sizes are taken anew.
async fn keep_others(tx: &TenantTx, id: SegmentId) -> Result<(), SegmentError> {
    for other in store::uses::made_of(tx, id, MOST_OTHERS).await? {
        let Some(segment) = store::segments::get(tx, other).await? else { continue };
        if let Err(error) = looked_up(tx, who_is_in(other)).await? {
            let why = format!("The segment “{}” is made of this one, and could not be used any more: {}", segment.name, error.detail);
            return Err(SegmentError::Invalid(FieldError::new("/filter", "filter.breaks", why)));
        }
        measure(tx, other).await?;
    }
    Ok(())
}
