use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, redirect};
use identity::{CampaignsWrite, Can};
use kernel::{CampaignId, SegmentId};
use leads::filter::Filter;
use serde::Deserialize;
use serde_json::Value;

use crate::{actions::update_campaign, model::CampaignChange};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AudienceForm {
    filter: String,
    /// A segment instead of the filter.
    segment: Option<SegmentId>,
}

/// Saves whom a draft is for. The filter or segment is looked up at launch, not now.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<CampaignId>,
    sent: PageForm<AudienceForm>,
) -> Result<Response, Problem> {
    let filter = Filter::parse(&sent.value.filter)?;
    let change = match sent.value.segment {
        Some(segment) => CampaignChange { segment_id: Some(Some(segment)), ..CampaignChange::default() },
        None => CampaignChange { audience: Some((!filter.is_empty()).then(|| Value::from(filter))), ..CampaignChange::default() },
    };
    let tx = app.db.tenant(&viewer.scope).await?;
    update_campaign(&tx, viewer.actor(), id, change, None, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/campaigns/{id}"), Some(Flash::success("Audience saved. It is looked up again at launch."))))
}
