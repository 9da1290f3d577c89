use axum::extract::State;
use garde::Validate;
use http::StatusCode;
use http_kit::{Answer, App, Idempotent, Problem, ProblemBody};
use identity::{Can, LeadsWrite};
use kernel::LeadId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::decide::Merged;
use crate::actions::{
    choose::{Choices, Field},
    merge::Merge,
    merge_by_hand::merge_by_hand,
};

/// Which leads are to become one, and of what.
#[derive(Debug, Default, Deserialize, Validate, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ByHandRequest {
    /// 2 to 10 different leads.
    #[garde(skip)]
    #[schema(required, min_items = 2, max_items = 10)]
    lead_ids: Vec<LeadId>,
    /// Which one stays; missing: the oldest.
    #[garde(skip)]
    into: Option<LeadId>,
    /// Whose value stays, by field, as in merging a cluster. What is not named gets the best value.
    #[garde(skip)]
    #[schema(value_type = Object)]
    fields: std::collections::BTreeMap<Field, LeadId>,
    /// Whose value stays, by the key of a custom field.
    #[garde(skip)]
    #[schema(value_type = Object)]
    custom: std::collections::BTreeMap<String, LeadId>,
}

/// Merge leads that nobody has proposed
///
/// For leads that you know to be one person, whether they resemble each other or not. It does what merging a cluster does, and is undone
/// like it for 30 days. A lead that is gone or not yours to see refuses the whole merge: `errors` points to its place in `lead_ids`.
#[utoipa::path(post, path = "/api/v1/duplicates/merge", tag = "duplicates", request_body = ByHandRequest,
    params(("Idempotency-Key" = Option<String>, Header, description = "Kept for 24 hours")),
    responses((status = 200, body = Merged), (status = 409, body = ProblemBody), (status = 422, body = ProblemBody)))]
pub(super) async fn merge_leads(
    State(app): State<App>,
    viewer: Can<LeadsWrite>,
    request: Idempotent<ByHandRequest>,
) -> Result<Answer, Problem> {
    let idempotency = request.idempotency.by(viewer.actor());
    let ByHandRequest { lead_ids, into, fields, custom } = request.body;
    let tx = app.db.tenant(&viewer.scope).await?;
    if let Some(replay) = idempotency.begin(&tx, app.clock.now()).await? {
        return Ok(replay);
    }
    let merge = Merge { leads: &lead_ids, into, choices: &Choices { fields, custom } };
    let (lead, change_set_id) = merge_by_hand(&tx, merge, viewer.actor(), app.clock.now()).await?;
    let answer = idempotency.finish(tx, Answer::json(StatusCode::OK, &Merged { lead_id: lead.id, change_set_id })).await?;
    app.feed.nudge();
    Ok(answer)
}
