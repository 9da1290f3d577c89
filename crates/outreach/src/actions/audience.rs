use db::{DbError, TenantTx};
use http_kit::FieldError;
use kernel::SegmentId;
use leads::filter::{Filter, Node};
use segments::Population;
use serde_json::Value;

use super::CampaignError;
use crate::model::Campaign;

/// Whom a campaign is for: its segment as it is now, or its filter. A segment that is gone means nobody, never everybody.
pub(crate) async fn population(tx: &TenantTx, campaign: &Campaign) -> Result<Population, DbError> {
    let Some(segment) = campaign.segment_id else { return Population::matching(tx, campaign.filter()).await };
    let nobody = || Population::Matching(Filter { root: Node::Any(Vec::new()) });
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

/// What a filter asks must be there to be asked: "a field that is not there is not known" would mean everybody.
pub(super) async fn check_filter(tx: &TenantTx, audience: Option<&Value>) -> Result<(), CampaignError> {
    let Some(filter) = audience.cloned().and_then(|audience| Filter::try_from(audience).ok()) else { return Ok(()) };
    if filter.is_plain() {
        return Ok(());
    }
    let segments = segments::named_in(tx, &filter).await?;
    match filter.prepared(&leads::custom_fields::list(tx).await?, &segments) {
        Ok(_) => Ok(()),
        Err(error) => {
            let why = format!("The audience cannot be used: {error}.");
            Err(CampaignError::Invalid(vec![FieldError::new(format!("/audience{}", error.pointer), "audience.invalid", why)]))
        }
    }
}

/// Lets segments know that the campaign is built on them, or on them no more: the one that is its audience, or those that its filter names.
pub(super) async fn tell_segments(tx: &TenantTx, campaign: &Campaign) -> Result<(), DbError> {
    let of = campaign.segment_id.map_or_else(|| campaign.filter().segments(), |segment| vec![segment]);
    segments::use_segments(tx, &of, campaign.id, &campaign.name, &format!("/campaigns/{}", campaign.id)).await
}
