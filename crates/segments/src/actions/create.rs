use db::TenantTx;
use http_kit::{App, FieldError};
use jiff::Timestamp;
use kernel::{Actor, SegmentId};
use leads::Filter;
use serde_json::json;

use super::{SegmentError, change_members::change_members, checked, measure, tell, tell_uses, user_of};
use crate::{
    model::{Kind, MemberAction, NewSegment, Segment, Source, clean_description, clean_name},
    store::{self, segments::Content},
};

/// Makes a segment. A fixed one may begin with those who match a filter now; more than fit a request are put in by a job.
pub(crate) async fn create_segment(app: &App, tx: &TenantTx, new: NewSegment, by: Actor, now: Timestamp) -> Result<Segment, SegmentError> {
    let id = SegmentId::new();
    // Only a dynamic one is made of the segments in its filter.
    let itself = (new.kind == Kind::Dynamic).then_some(id);
    let given = match &new.filter {
        Some(filter) => Some(checked(app, tx, filter, itself).await?),
        None => None,
    };
    let filter = match new.kind {
        Kind::Dynamic => Some(given.clone().ok_or_else(no_filter)?),
        Kind::Fixed => None,
    };
    let content = Content {
        name: clean_name(&new.name).map_err(SegmentError::Invalid)?,
        description: clean_description(&new.description).map_err(SegmentError::Invalid)?,
        filter,
        owner_id: user_of(by),
        archived_at: None,
    };
    store::segments::insert(tx, id, new.kind, &content, now).await?;
    tell_uses(tx, id, &content).await?;
    tell(tx, "segment.created", id, by, now, json!({ "name": content.name, "kind": new.kind })).await?;
    if let (Kind::Fixed, Some(filter)) = (new.kind, given) {
        change_members(app, tx, id, Source::Matching(filter), MemberAction::Add, by, now).await?;
    }
    measure(tx, id).await?;
    store::segments::get(tx, id).await?.ok_or(SegmentError::NotFound)
}

fn no_filter() -> SegmentError {
    let example = Filter::default().to_json();
    let why = format!("A dynamic segment needs a filter that says whom it means; {example} means all leads");
    SegmentError::Invalid(FieldError::new("/filter", "filter.required", why))
}
