use db::{DbError, TenantTx};
use http_kit::FieldError;
use kernel::SegmentId;
use leads::filter::{Filter, Node};
use segments::Population;

use super::CampaignError;
use crate::model::Campaign;

/// Whom a campaign is for: its segment as it is now, or its filter. A segment that is gone means nobody, never everybody.
pub(crate) async fn population(tx: &TenantTx, campaign: &Campaign) -> Result<Population, DbError> {
    let Some(segment) = campaign.segment_id else { return Ok(campaign.filter().into()) };
    let nobody = || Filter { root: Node::Any(Vec::new()) }.into();
    Ok(Population::of(tx, segment).await?.unwrap_or_else(nobody))
}

/// The segment must be there.
pub(super) async fn check_segment(tx: &TenantTx, segment: Option<SegmentId>) -> Result<(), CampaignError> {
    let Some(id) = segment else { return Ok(()) };
    if segments::get(tx, id).await?.is_some() {
        return Ok(());
    }
    let error = FieldError::new("/segment_id", "segment_id.unknown", "There is no such segment: choose another, or use a filter");
    Err(CampaignError::Invalid(vec![error]))
}

/// Lets the segment know that the campaign is built on it, or on it no more.
pub(super) async fn tell_segment(tx: &TenantTx, campaign: &Campaign) -> Result<(), DbError> {
    match campaign.segment_id {
        Some(segment) => segments::use_segment(tx, segment, campaign.id, &campaign.name, &format!("/campaigns/{}", campaign.id)).await,
        None => segments::release(tx, campaign.id).await,
    }
}
