use axum::extract::State;
use http_kit::{ApiPath, ApiQuery, App, Problem};
use identity::{CampaignsRead, Can};
use kernel::CampaignId;
use maud::Markup;
use serde::Deserialize;

use super::{builder, running};
use crate::{model::CampaignStatus, store};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Query {
    /// An audience to look at before it is saved.
    filter: String,
}

/// The builder of a draft, else how it is going.
pub(super) async fn show(
    State(app): State<App>,
    viewer: Can<CampaignsRead>,
    ApiPath(id): ApiPath<CampaignId>,
    ApiQuery(query): ApiQuery<Query>,
) -> Result<Markup, Problem> {
    let tx = app.db.tenant(&viewer.scope).await?;
    let campaign = store::campaigns::find(&tx, id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    match campaign.status {
        CampaignStatus::Draft => builder::render(&app, &viewer, &campaign, &query.filter, None).await,
        CampaignStatus::Running | CampaignStatus::Paused | CampaignStatus::Finished => running::render(&app, &viewer, &campaign).await,
    }
}
