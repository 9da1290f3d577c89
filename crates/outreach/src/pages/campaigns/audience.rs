use axum::{extract::State, response::Response};
use http_kit::{ApiPath, App, Flash, PageForm, Problem, redirect};
use identity::{CampaignsWrite, Can};
use kernel::CampaignId;
use leads::filter::Filter;
use serde::Deserialize;
use serde_json::Value;

use crate::{actions::update_campaign, model::CampaignChange};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct AudienceForm {
    filter: String,
}

/// Saves whom a draft is for. The filter is evaluated at launch, not now.
pub(super) async fn submit(
    State(app): State<App>,
    viewer: Can<CampaignsWrite>,
    ApiPath(id): ApiPath<CampaignId>,
    sent: PageForm<AudienceForm>,
) -> Result<Response, Problem> {
    let filter = Filter::parse_json(&sent.value.filter)?;
    let audience = (!filter.is_empty()).then(|| Value::from(filter));
    let tx = app.db.tenant(&viewer.scope).await?;
    let change = CampaignChange { audience: Some(audience), ..CampaignChange::default() };
    update_campaign(&tx, viewer.actor(), id, change, None, app.clock.now()).await?;
    tx.commit().await?;
    app.feed.nudge();
    Ok(redirect(&format!("/campaigns/{id}"), Some(Flash::success("Audience saved. It is looked up again at launch."))))
}
