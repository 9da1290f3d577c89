//! Leads on their way through a campaign.

use axum::extract::State;
use http::StatusCode;
use http_kit::{Answer, ApiPath, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsWrite};
use kernel::{CampaignId, LeadId};
use serde_json::json;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Nothing;
use crate::actions;

pub(super) fn api() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(replied))
}

/// Mark a lead as having replied
///
/// Its sequence in this campaign ends before the next mail.
#[utoipa::path(post, path = "/api/v1/campaigns/{id}/leads/{lead}/replied", tag = "campaigns",
    params(("id" = CampaignId, Path), ("lead" = LeadId, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses((status = 200), (status = 404, body = ProblemBody)))]
async fn replied(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    ApiPath((campaign, lead)): ApiPath<(CampaignId, LeadId)>,
    request: Idempotent<Option<Nothing>>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    actions::mark_replied(&tx, viewer.actor(), campaign, lead, app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &json!({ "lead_id": lead, "campaign_id": campaign }))).await?;
    app.feed.nudge();
    Ok(answer)
}
